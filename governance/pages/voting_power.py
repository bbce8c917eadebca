"""The power of the signed-in wallet on a dispute or a proposal, with an explanation (R44, R45)."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext

from governance.models import Dispute, Vote
from governance.selectors.overview import power_on
from governance.selectors.representation import NOTHING, Represented, represented_by
from governance.selectors.tallies import Ballot
from governance.selectors.votes import vote_of
from staking.selectors.voting_power import voting_power
from staking.services.epochs import OpenEpoch
from web.formatting import amount_digits, grouped_int


@dataclass(frozen=True, slots=True)
class Power:
    """Own and represented power at the snapshot, µIFM; `why` explains it, `vote` is the wallet's vote."""

    power: int
    represented: Represented
    base: int
    why: str
    vote: Vote | None

    @property
    def total(self) -> int:
        return self.power + self.represented.power


def power_of(ballot: Ballot, wallet: str, epoch: OpenEpoch) -> Power:
    """Return the power of a wallet at the opening of the epoch in which the vote was opened."""
    power = power_on(ballot, wallet)
    represented = represented_by(wallet, [ballot]).get(ballot.pk, NOTHING)
    why = _why(ballot, wallet, power, epoch)
    return Power(power, represented, ballot.quorum_base, why, vote_of(ballot, wallet))


def _why(ballot: Ballot, wallet: str, power: int, epoch: OpenEpoch) -> str:
    if isinstance(ballot, Dispute) and ballot.operator == wallet:
        return gettext("You operate this node. Operators cannot vote on slashes of their own nodes.")
    snapshot = grouped_int(ballot.opened_epoch)
    later = voting_power(wallet, epoch=epoch.number) if epoch.number > ballot.opened_epoch else power
    if power:
        sentence = gettext("Your stake at the opening of epoch %(n)s.") % {"n": snapshot}
        if later == power:
            return sentence
        change = gettext(
            "Later changes do not count. In a vote opened now, your power would be %(later)s IFM."
        )
        return f"{sentence} {change % {'later': amount_digits(later, 2)}}"
    if later:
        return gettext(
            "You had no stake at the opening of epoch %(n)s, when this vote was opened. "
            "Your present stake of %(later)s IFM counts in votes opened from now on."
        ) % {"n": snapshot, "later": amount_digits(later, 2)}
    return gettext(
        "You had no stake at the opening of epoch %(n)s. "
        "If you stake or delegate, you can vote on disputes and proposals opened from the next epoch on."
    ) % {"n": snapshot}
