"""A count as templates/components/tally.html shows it: two sides, the turnout, and what is still needed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext

from governance.models import Dispute, Proposal
from governance.pages import labels
from governance.selectors.tallies import Ballot, Count
from protocol.amounts import BPS
from web.formatting import amount_digits
from web.templatetags.components import part_of

LEAST_SCALE = 2_500
SIDES = {
    "overturn": ("sky", "arrow-back-up"),
    "uphold": ("plum", "gavel"),
    "for": ("sky", "check"),
    "against": ("plum", "x"),
}


@dataclass(frozen=True, slots=True)
class Side:
    """One side: its power, and its part of both sides' power in bps."""

    label: str
    power: int
    bps: int
    role: str
    icon: str


@dataclass(frozen=True, slots=True)
class TallyShown:
    """µIFM and bps. `scale_bps`: the right end of the turnout bar. `needed`: what would still decide it, in words."""

    left: Side
    right: Side
    label: str
    line: str
    turnout_bps: int
    quorum_bps: int
    scale_bps: int
    abstain: int
    turnout: int
    base: int
    voters: int
    snapshot_epoch: int
    standing: str
    needed: Sequence[str]


def tally_of(ballot: Ballot, count: Count) -> TallyShown:
    """The count of a ballot, for its card."""
    dispute = isinstance(ballot, Dispute)
    first, second = ("overturn", "uphold") if dispute else ("for", "against")
    decided = count.tally[first] + count.tally[second]
    turnout_bps = part_of(count.turnout, ballot.quorum_base)
    left, right = (_side(choice, count.tally[choice], decided) for choice in (first, second))
    return TallyShown(
        left=left,
        right=right,
        label=f"{left.label} {amount_digits(left.power, 0)}, {right.label} {amount_digits(right.power, 0)} IFM",
        line=gettext("more than half overturns") if dispute else gettext("more than half passes"),
        turnout_bps=turnout_bps,
        quorum_bps=ballot.quorum_bps,
        scale_bps=min(max(2 * ballot.quorum_bps, turnout_bps * 5 // 4, LEAST_SCALE), BPS),
        abstain=count.tally["abstain"],
        turnout=count.turnout,
        base=ballot.quorum_base,
        voters=count.voters,
        snapshot_epoch=ballot.opened_epoch,
        standing=_standing(ballot, count),
        needed=_needed(ballot, count, left, right) if ballot.status == "voting" else (),
    )


def _side(choice: str, power: int, decided: int) -> Side:
    role, icon = SIDES[choice]
    return Side(str(labels.CHOICES[choice]), power, part_of(power, decided), role, icon)


def _standing(ballot: Ballot, count: Count) -> str:
    if isinstance(ballot, Proposal):
        return labels.proposal_standing(ballot, count.tally, quorum_reached=count.quorum_reached)
    return labels.standing(ballot, count.tally, quorum_reached=count.quorum_reached)


def _needed(ballot: Ballot, count: Count, left: Side, right: Side) -> list[str]:
    """What still lacks: to the quorum, and to a majority of the left side."""
    needed = []
    if count.missing:
        said = gettext("%(power)s IFM more must vote to reach the quorum, abstentions counted.")
        needed.append(said % {"power": amount_digits(count.missing)})
    if left.power <= right.power:
        said = gettext("%(side)s needs %(power)s IFM more to lead.")
        needed.append(said % {"side": left.label, "power": amount_digits(right.power - left.power + 1)})
    return needed
