"""The events of a node, newest first: slashes, reductions of the delegators' share, registration, retirement."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext

from staking.models import Event, Node, ShareChange, Slash
from staking.pages.node_view_models import Happening
from web.formatting import rate, short_digits
from web.links import link
from web.templatetags.components import offence, within

TONES = {"pending": "warn", "disputed": "warn", "executed": "risk", "overturned": "ok"}
ICONS = {"pending": "clock", "disputed": "gavel", "executed": "flame", "overturned": "arrow-back-up"}


def timeline(
    node: Node, slashes: Sequence[Slash], changes: Sequence[ShareChange], retired: Sequence[Event]
) -> tuple[Happening, ...]:
    """One line for each, by epoch; the registration closes it."""
    lines = [_slash(slash) for slash in slashes]
    lines += [_share(change) for change in changes]
    lines += [
        Happening(
            "",
            "x",
            gettext("Retired"),
            event.epoch,
            event.at,
            gettext("It takes no stake and no work any more."),
        )
        for event in retired
    ]
    lines.sort(key=lambda line: (line.epoch or 0, line.at or node.registered_at), reverse=True)
    born = Happening("", "server-2", gettext("Registered"), node.registered_epoch, node.registered_at)
    return (*lines, born)


def _slash(slash: Slash) -> Happening:
    words = {
        "pending": gettext("Slash created: %s"),
        "disputed": gettext("Slash disputed: %s"),
        "executed": gettext("Slash executed: %s"),
        "overturned": gettext("Slash overturned: %s"),
    }
    number = slash.resolved_epoch if slash.resolved_epoch is not None else slash.epoch
    return Happening(
        TONES[slash.status], ICONS[slash.status], words[slash.status] % within(offence(slash.offence)),  # type: ignore[arg-type]
        number, slash.resolved_at or slash.created_at, _slash_text(slash), link("slash", slash.pk), gettext("Case"),
    )  # fmt: skip


def _slash_text(slash: Slash) -> str:
    both = gettext("%(own)s of own and %(delegated)s of delegated stake in epoch %(n)s.")
    own = gettext("%(own)s of own stake in epoch %(n)s.")
    rates = (both if slash.delegated_bps else own) % {
        "own": rate(slash.self_bps), "delegated": rate(slash.delegated_bps), "n": slash.epoch,
    }  # fmt: skip
    if slash.status == Slash.Status.EXECUTED:
        return rates + " " + gettext(
            "Of %(all)s IFM, %(burned)s were burned, %(honest)s went to honest nodes and %(returned)s back"
                " to its delegators."
        ) % {
            "all": short_digits(slash.slashed), "burned": short_digits(slash.burned),
            "honest": short_digits(slash.honest), "returned": short_digits(slash.returned),
        }  # fmt: skip
    if slash.status == Slash.Status.OVERTURNED:
        return rates + " " + gettext("The vote overturned it: nothing was slashed.")
    if slash.status == Slash.Status.DISPUTED:
        return rates + " " + gettext("The vote closes with epoch %d.") % slash.due_epoch
    return (
        rates
        + " "
        + gettext("Its operator may dispute it until the end of epoch %d.") % slash.disputable_until_epoch
    )


def _share(change: ShareChange) -> Happening:
    cut = change.new_bps < change.old_bps
    return Happening(
        "warn" if cut else "", "arrow-down" if cut else "arrow-up",
        gettext("Delegator share from %(old)s to %(new)s")
        % {"old": rate(change.old_bps), "new": rate(change.new_bps)},
        change.from_epoch, change.at,
    )  # fmt: skip
