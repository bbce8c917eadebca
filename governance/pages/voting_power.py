"""The reader's power on a ballot, and in words why it is what it is (R44, R45)."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext

from governance.models import Dispute, Vote
from governance.selectors.overview import power_on
from governance.selectors.tallies import Ballot
from governance.selectors.votes import vote_of
from staking.selectors.voting_power import voting_power
from staking.services.epochs import OpenEpoch
from web.formatting import amount_digits, grouped_int


@dataclass(frozen=True, slots=True)
class Power:
    """µIFM at the snapshot; `why` is a sentence about it, `vote` what the wallet voted."""

    power: int
    base: int
    why: str
    vote: Vote | None


def power_of(ballot: Ballot, wallet: str, epoch: OpenEpoch) -> Power:
    """What a wallet has to vote with, counted at the opening of the epoch in which the vote was opened."""
    power = power_on(ballot, wallet)
    return Power(power, ballot.quorum_base, _why(ballot, wallet, power, epoch), vote_of(ballot, wallet))


def _why(ballot: Ballot, wallet: str, power: int, epoch: OpenEpoch) -> str:
    if isinstance(ballot, Dispute) and ballot.operator == wallet:
        return gettext("You run the accused node: its operator cannot vote on its own case.")
    snapshot = grouped_int(ballot.opened_epoch)
    later = voting_power(wallet, epoch=epoch.number) if epoch.number > ballot.opened_epoch else power
    if power:
        said = gettext("Held at the opening of epoch %(n)s.") % {"n": snapshot}
        if later == power:
            return said
        since = gettext(
            "What came or left since then does not count here: it would be %(later)s IFM for a vote now."
        )
        return f"{said} {since % {'later': amount_digits(later)}}"
    if later:
        return gettext(
            "You held no stake at the opening of epoch %(n)s, when this vote was opened. "
            "The %(later)s IFM that you hold now count from the next vote on."
        ) % {"n": snapshot, "later": amount_digits(later)}
    return gettext(
        "You held no stake at the opening of epoch %(n)s. "
        "Stake or delegate, and you can vote on what is opened from the next epoch on."
    ) % {"n": snapshot}
