"""Charges, rules, choices and outcomes in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext, gettext_lazy, ngettext

from governance.models import Dispute, Proposal
from protocol import offences
from protocol.amounts import BPS
from staking.models import Slash
from web.formatting import grouped_int, percent
from web.templatetags.components import OFFENCES

CHOICES = {
    "uphold": gettext_lazy("Uphold"),
    "overturn": gettext_lazy("Overturn"),
    "for": gettext_lazy("For"),
    "against": gettext_lazy("Against"),
    "abstain": gettext_lazy("Abstain"),
}

_RULES = {
    offences.SLA_DROP: gettext_lazy(
        "A node that accepts at least %(min_jobs)s jobs in an epoch owes good work on %(threshold)s of them. "
        "A first drop costs the operator alone; a repeated one within %(window)s epochs costs the delegators as well."
    ),
    offences.INVALID_PROOF: gettext_lazy(
        "Every receipt is signed by the node’s signing key. One signature that does not recover to it is enough."
    ),
    offences.FORGED_TRACE: gettext_lazy(
        "When a quorum runs a job again, the trace that the node signed must come out. One that differs is a forgery."
    ),
    offences.DROPOUT: gettext_lazy("A node that accepts a job sees it through. One dropped job is enough."),
    offences.FAKE_RESOURCES: gettext_lazy(
        "No number of the measured hardware may be below the one that the node declares."
    ),
    offences.SCHEMA_MISMATCH: gettext_lazy(
        "Results follow the schema of their job class. In one epoch %(mismatches)s results that do not are too many."
    ),
}


def rule(offence: str, params: Any) -> str:
    """The rule that a slash is about, in words (section 8)."""
    return str(_RULES[offence]) % {
        "min_jobs": params.sla_min_jobs,
        "threshold": percent(params.sla_threshold_bps, 0),
        "window": params.sla_strike_window_epochs,
        "mismatches": params.schema_mismatch_limit,
    }


def charge(slash: Slash) -> str:
    """What the epoch showed of the node, with its figures."""
    measured: Mapping[str, Any] = slash.measured
    count = grouped_int(len(slash.evidence))
    return {
        offences.SLA_DROP: _sla_drop,
        offences.INVALID_PROOF: lambda _: ngettext(
            "%(n)s receipt carries a signature that does not recover to the node’s signing key.",
            "%(n)s receipts carry a signature that does not recover to the node’s signing key.",
            len(slash.evidence),
        ) % {"n": count},
        offences.FORGED_TRACE: lambda _: ngettext(
            "A quorum ran %(n)s job again and got another trace than the node had signed.",
            "A quorum ran %(n)s jobs again and got other traces than the node had signed.",
            len(slash.evidence),
        ) % {"n": count},
        offences.DROPOUT: lambda _: ngettext(
            "The node accepted %(n)s job and dropped it.",
            "The node accepted %(n)s jobs and dropped them.",
            len(slash.evidence),
        ) % {"n": count},
        offences.FAKE_RESOURCES: lambda _: gettext(
            "The oracle measured less than the node declares: %(fields)s."
        ) % {"fields": ", ".join(measured.get("shortfalls", ()))},
        offences.SCHEMA_MISMATCH: lambda _: ngettext(
            "%(n)s result did not follow the schema of its job class.",
            "%(n)s results did not follow the schema of their job class.",
            len(slash.evidence),
        ) % {"n": count},
    }[slash.offence](measured)  # fmt: skip


def _sla_drop(measured: Mapping[str, Any]) -> str:
    said = gettext(
        "%(good)s of %(accepted)s accepted jobs were good: an SLA of %(sla)s, below the %(threshold)s owed."
    )
    return said % {
        "good": grouped_int(measured["good"]),
        "accepted": grouped_int(measured["accepted"]),
        "sla": percent(measured["sla_bps"]),
        "threshold": percent(measured["sla_threshold_bps"], 0),
    }


def offence(name: str) -> str:
    """The offence as a label."""
    return str(OFFENCES.get(name, name))


def rates(slash: Slash) -> str:
    """ "25% of own and delegated stake", "10% of own stake"."""
    own, delegated = percent(slash.self_bps, 0), percent(slash.delegated_bps, 0)
    if not slash.delegated_bps:
        return gettext("%s of own stake") % own
    if slash.self_bps == slash.delegated_bps:
        return gettext("%s of own and delegated stake") % own
    return gettext("%(own)s of own, %(delegated)s of delegated stake") % {"own": own, "delegated": delegated}


def standing(dispute: Dispute, tally: Mapping[str, int], *, quorum_reached: bool) -> str:
    """How the dispute came out, or would if it ended now (R46)."""
    leads = tally["overturn"] > tally["uphold"]
    if dispute.status == Dispute.Status.OVERTURNED:
        return gettext("The slash was overturned: nothing was taken and the deposit went back.")
    if dispute.status == Dispute.Status.UPHELD and dispute.quorum_met:
        return gettext("The slash was upheld and carried out; the deposit went to the treasury.")
    if dispute.status == Dispute.Status.UPHELD:
        return gettext(
            "The quorum was missed, so the slash stood and was carried out; the deposit went back."
        )
    if not quorum_reached:
        return gettext(
            "As it stands the slash would be upheld: the quorum is missed, and the deposit goes back."
        )
    if leads:
        return gettext(
            "As it stands the slash would be overturned: the quorum is reached and overturn leads."
        )
    return gettext(
        "As it stands the slash would be upheld: the quorum is reached and overturn does not lead."
    )


def proposal_standing(proposal: Proposal, tally: Mapping[str, int], *, quorum_reached: bool) -> str:
    """How the proposal came out, or would if its vote ended now (R47)."""
    if proposal.status != Proposal.Status.VOTING:
        return str(_OUTCOMES[proposal.status]) % {"n": grouped_int(proposal.executes_epoch or 0)}
    if not quorum_reached:
        return gettext("As it stands the proposal would be rejected: the quorum is missed.")
    if tally["for"] > tally["against"]:
        return gettext(
            "As it stands the proposal would pass: the quorum is reached and more power is for it."
        )
    return gettext("As it stands the proposal would be rejected: no more power is for it than against.")


_OUTCOMES = {
    "passed": gettext_lazy("The proposal passed and is carried out in the settlement of epoch %(n)s."),
    "executed": gettext_lazy("The proposal passed and was carried out in the settlement of epoch %(n)s."),
    "rejected": gettext_lazy("The proposal was rejected."),
    "expired": gettext_lazy(
        "The proposal passed, but its values no longer fit the bounds: nothing was changed."
    ),
}


def part(power: int, base: int) -> str:
    """A power as a part of all stake at the snapshot."""
    return percent(power * BPS // base) if base else "–"
