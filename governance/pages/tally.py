"""The tally card: two sides, the turnout, and the power that is still needed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext

from governance.models import Dispute, Proposal
from governance.pages import labels
from governance.selectors.tallies import Ballot, VoteCount
from protocol.amounts import BPS, MICRO
from web.formatting import amount_digits, grouped_int, percent, percentages
from web.templatetags.components import part_of

MIN_SCALE_BPS = 2_500
SIDES = {
    "overturn": ("sky", "arrow-back-up"),
    "uphold": ("plum", "gavel"),
    "for": ("sky", "check"),
    "against": ("plum", "x"),
}


@dataclass(frozen=True, slots=True)
class Side:
    """A side of the vote: its power, of which a part is represented (µIFM), and its part of both sides' power.

    The parts of both sides (bps) add to 100 %.
    """

    label: str
    power: int
    represented: int
    bps: int
    role: str
    icon: str

    @property
    def own(self) -> int:
        """The power of those who voted themselves, µIFM."""
        return self.power - self.represented

    @property
    def percent(self) -> str:
        return percent(self.bps, 1)


@dataclass(frozen=True, slots=True)
class TallyCard:
    """µIFM and bps. `scale_bps`: the right end of the turnout bar. `needed`: sentences about the missing power."""

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
    represented: int
    represented_wallets: int
    snapshot_epoch: int
    projection: str
    needed: Sequence[str]


def tally_of(ballot: Ballot, count: VoteCount) -> TallyCard:
    """Return the tally card of a dispute or a proposal."""
    dispute = isinstance(ballot, Dispute)
    first, second = ("overturn", "uphold") if dispute else ("for", "against")
    parts = percentages([count.tally[first], count.tally[second]])
    turnout_bps = part_of(count.turnout, ballot.quorum_base)
    left, right = (_side(choice, count, bps) for choice, bps in zip((first, second), parts, strict=True))
    return TallyCard(
        left=left,
        right=right,
        label=f"{left.label} {amount_digits(left.power, 0)}, {right.label} {amount_digits(right.power, 0)} IFM",
        line=gettext("more than half: overturned") if dispute else gettext("more than half: passed"),
        turnout_bps=turnout_bps,
        quorum_bps=ballot.quorum_bps,
        scale_bps=min(max(2 * ballot.quorum_bps, turnout_bps * 5 // 4, MIN_SCALE_BPS), BPS),
        abstain=count.tally["abstain"],
        turnout=count.turnout,
        base=ballot.quorum_base,
        voters=count.voters,
        represented=sum(count.represented.values()),
        represented_wallets=count.represented_wallets,
        snapshot_epoch=ballot.opened_epoch,
        projection=_projection(ballot, count),
        needed=_needed(ballot, count, left, right) if ballot.status == "voting" else (),
    )


def _side(choice: str, count: VoteCount, bps: int) -> Side:
    role, icon = SIDES[choice]
    label, represented = str(labels.CHOICES[choice]), count.represented.get(choice, 0)
    return Side(label, count.tally[choice], represented, bps, role, icon)


def _projection(ballot: Ballot, count: VoteCount) -> str:
    if isinstance(ballot, Proposal):
        return labels.proposal_projection(ballot, count.tally, quorum_reached=count.quorum_reached)
    return labels.dispute_projection(ballot, count.tally, quorum_reached=count.quorum_reached)


def _needed(ballot: Ballot, count: VoteCount, left: Side, right: Side) -> list[str]:
    """Return sentences about the power missing to the quorum and to a majority of the left side."""
    needed = []
    if count.missing:
        sentence = gettext("%(power)s IFM more must vote to meet the quorum, abstentions included.")
        needed.append(sentence % {"power": _whole(count.missing)})
    if left.power < right.power:
        sentence = gettext("%(side)s needs more than %(power)s IFM more to lead.")
        needed.append(sentence % {"side": left.label, "power": _whole(right.power - left.power)})
    elif left.power == right.power:
        needed.append(gettext("Both sides are equal: %(side)s does not lead.") % {"side": left.label})
    return needed


def _whole(micro: int) -> str:
    """Return µIFM as whole IFM, rounded up."""
    return grouped_int(-(-micro // MICRO))
