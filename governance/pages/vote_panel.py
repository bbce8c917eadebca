"""The vote card of a dispute or a proposal: choices, power of the signed-in wallet and its representative."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext

from governance.models import Dispute, Vote
from governance.selectors.overview import power_on
from governance.selectors.representation import NOTHING, Represented, representative_of, represented_by
from governance.selectors.tallies import Ballot
from governance.selectors.votes import vote_of
from governance.voting_periods import is_before_end
from staking.selectors.voting_power import voting_power
from staking.services.epochs import OpenEpoch
from web.formatting import amount_digits, grouped_int

# Value, label and effect.
Choice = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Power:
    """Own and represented power at the snapshot, µIFM; `why` explains it, `vote` is the wallet's vote.

    `representative`: the wallet whose vote counts with this power if the wallet does not vote, and its vote.
    """

    power: int
    represented: Represented
    base: int
    why: str
    vote: Vote | None
    representative: str | None
    representative_vote: Vote | None

    @property
    def total(self) -> int:
        return self.power + self.represented.power


@dataclass(frozen=True, slots=True)
class VotePanel:
    """`accepts_votes`: the vote is open by the clock; `notice`: a sentence about the wallet's own interest."""

    action: str
    question: str
    choices: list[Choice]
    accepts_votes: bool
    closes_at: datetime
    power: Power | None
    notice: str = ""

    @property
    def can_vote(self) -> bool:
        """Whether the wallet can vote, or change its vote."""
        if not self.accepts_votes or self.power is None:
            return False
        return self.power.total > 0 or self.power.vote is not None

    @property
    def total_power(self) -> int:
        return 0 if self.power is None else self.power.total


def accepts_votes(ballot: Ballot, epoch: OpenEpoch, now: datetime) -> bool:
    """Return whether the vote is open by the clock."""
    return ballot.status == "voting" and is_before_end(ballot.closes_epoch, epoch, now)


def power_of(ballot: Ballot, wallet: str, epoch: OpenEpoch) -> Power:
    """Return the power of a wallet at the opening of the epoch in which the vote was opened."""
    power, vote = power_on(ballot, wallet), vote_of(ballot, wallet)
    represented = represented_by(wallet, [ballot]).get(ballot.pk, NOTHING)
    representative = representative_of(ballot, wallet)
    return Power(
        power=power,
        represented=represented,
        base=ballot.quorum_base,
        why=_why(ballot, wallet, power, represented, epoch),
        vote=vote,
        representative=representative,
        representative_vote=vote_of(ballot, representative) if representative else None,
    )


def _why(ballot: Ballot, wallet: str, power: int, represented: Represented, epoch: OpenEpoch) -> str:
    if isinstance(ballot, Dispute) and ballot.operator == wallet:
        return gettext("You operate this node. Operators cannot vote on slashes of their own nodes.")
    snapshot = grouped_int(ballot.opened_epoch)
    later = voting_power(wallet, epoch=epoch.number) if epoch.number > ballot.opened_epoch else power
    if power or represented.power:
        return _counted(snapshot, power, later)
    if later:
        return gettext(
            "You had no stake at the opening of epoch %(n)s, when this vote was opened. "
            "Your present stake of %(later)s IFM counts in votes opened from now on."
        ) % {"n": snapshot, "later": amount_digits(later, 2)}
    return gettext(
        "You had no stake at the opening of epoch %(n)s. "
        "If you stake or delegate, you can vote on disputes and proposals opened from the next epoch on."
    ) % {"n": snapshot}


def _counted(snapshot: str, power: int, later: int) -> str:
    sentence = gettext("Stake at the opening of epoch %(n)s.") % {"n": snapshot}
    if later == power:
        return sentence
    change = gettext(
        "Later changes do not count. In a vote opened now, your own power would be %(later)s IFM."
    )
    return f"{sentence} {change % {'later': amount_digits(later, 2)}}"
