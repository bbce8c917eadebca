"""Incidents and slashes of a node as sentences."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext, ngettext

from staking.incidents import Cause, Incident
from staking.models import Slash
from web.formatting import grouped_int, percent, short_digits, times
from web.templatetags.components import offence, within


def incident_text(incident: Incident) -> str:
    """The fall of a figure and its causes: "SLA fell from 100.00% to 91.66%: 2 jobs dropped." """
    if incident.after is None:
        return gettext("It left the ranking at #%(rank)s: %(cause)s.") % {
            "rank": grouped_int(incident.before), "cause": _cause(incident.causes[0], incident),
        }  # fmt: skip
    sentences = {
        "rank": gettext("Rank fell from %(before)s to %(after)s: %(causes)s."),
        "q": gettext("Q factor fell from %(before)s to %(after)s: %(causes)s."),
        "sla": gettext("SLA fell from %(before)s to %(after)s: %(causes)s."),
        "uptime": gettext("Uptime fell from %(before)s to %(after)s: %(causes)s."),
    }
    return sentences[incident.measure] % {
        "before": _value(incident, incident.before), "after": _value(incident, incident.after),
        "causes": ", ".join(_cause(cause, incident) for cause in incident.causes),
    }  # fmt: skip


def slash_texts(slash: Slash) -> Iterator[tuple[int, str, str]]:
    """The steps of a slash, each as (epoch, tone, sentence)."""
    name = within(offence(slash.offence))
    yield slash.epoch, "warn", gettext("Slash created: %s.") % name
    if slash.resolved_epoch is None:
        return
    if slash.status == Slash.Status.OVERTURNED:
        yield slash.resolved_epoch, "ok", gettext("Slash overturned by vote: %s.") % name
    else:
        yield (
            slash.resolved_epoch,
            "risk",
            gettext("Slash executed: %(offence)s, %(amount)s IFM.")
            % {"offence": name, "amount": short_digits(slash.slashed)},
        )


def _value(incident: Incident, value: int) -> str:
    if incident.measure == "rank":
        return "#" + grouped_int(value)
    return times(value) if incident.measure == "q" else percent(value)


def _cause(cause: Cause, incident: Incident) -> str:
    amount = cause.amount
    if incident.measure == "sla":
        return _failure(cause) % grouped_int(amount)
    if incident.measure == "q" and cause.name != "degraded":
        terms = {
            "latency": gettext("latency −%s"), "uptime": gettext("uptime −%s"), "stake": gettext("stake −%s"),
            "scarcity": gettext("regional scarcity −%s"), "sla": gettext("SLA factor −%s"),
        }  # fmt: skip
        return terms[cause.name] % times(amount)
    return {
        "silent": gettext("no heartbeat in %s of the slots") % percent(amount),
        "degraded": gettext("it became degraded"),
        "others": gettext("other nodes overtook it, its own score did not fall"),
        "score": gettext("its score fell by %s") % grouped_int(amount),
        "q": gettext("Q factor −%s") % times(amount),
        "penalty": gettext("failure penalty +%s") % percent(amount),
        "cooldown": gettext("it is in cooldown"),
        "banned": gettext("it is banned"),
        "retired": gettext("it retired"),
    }.get(cause.name, gettext("it was not ranked"))


def _failure(cause: Cause) -> str:
    jobs = cause.amount
    return {
        "dropped": ngettext("%s job dropped", "%s jobs dropped", jobs),
        "mismatched": ngettext("%s job with a schema mismatch", "%s jobs with a schema mismatch", jobs),
        "invalid": ngettext("%s job with an invalid signature", "%s jobs with an invalid signature", jobs),
        "forged": ngettext("%s job with a forged trace", "%s jobs with a forged trace", jobs),
        "late": ngettext("%s job late or without proof", "%s jobs late or without proof", jobs),
    }[cause.name]
