"""Vote counts: own and represented power by choice, turnout, and the power that is missing to the quorum."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Count, Sum

from governance.models import Dispute, Proposal, Vote
from governance.selectors.representation import InVotes, represented_in_votes
from governance.selectors.times import closing_times
from protocol.votes import DISPUTE_CHOICES, PROPOSAL_CHOICES, needed_for_quorum

Ballot = Dispute | Proposal
Tally = dict[str, int]


@dataclass(frozen=True, slots=True)
class Power:
    """Power by choice, µIFM: the counted `total` and the `represented` part of it; wallets that voted and that are
    represented."""

    total: Tally
    represented: Tally
    voters: int = 0
    represented_wallets: int = 0


@dataclass(frozen=True, slots=True)
class VoteCount:
    """The count of a vote so far: power by choice and the turnout that meets the quorum, µIFM (R44–R47, R57)."""

    tally: Tally
    voters: int
    quorum: int
    closes_at: datetime
    represented: Tally = field(default_factory=dict)
    represented_wallets: int = 0

    @property
    def tally_parts(self) -> dict[str, int | Tally]:
        """The tally with its represented part under the key `represented`."""
        return {**self.tally, "represented": self.represented}

    @property
    def turnout(self) -> int:
        return sum(self.tally.values())

    @property
    def missing(self) -> int:
        """The power that is missing to the quorum, µIFM."""
        return max(self.quorum - self.turnout, 0)

    @property
    def quorum_reached(self) -> bool:
        return self.missing == 0


def dispute_tallies(disputes: Iterable[int]) -> dict[int, Tally]:
    """Return the counted power by choice for each dispute whose represented power is stored, µIFM (R45, R57)."""
    return {ballot: power.total for ballot, power in _stored(Dispute, list(disputes)).items()}


def proposal_tallies(proposals: Iterable[int]) -> dict[int, Tally]:
    """Return the counted power by choice for each proposal whose represented power is stored, µIFM (R45, R57)."""
    return {ballot: power.total for ballot, power in _stored(Proposal, list(proposals)).items()}


def counts(ballots: Sequence[Ballot], in_votes: InVotes | None = None) -> dict[int, VoteCount]:
    """Return the count of each of these disputes, or of these proposals, in a fixed number of queries.

    `in_votes`: the result of `represented_in_votes`, when it was read before.
    """
    if not ballots:
        return {}
    powers = _stored(type(ballots[0]), [ballot.pk for ballot in ballots])
    _add_live(powers, represented_in_votes(ballots) if in_votes is None else in_votes)
    closing = closing_times({ballot.closes_epoch for ballot in ballots})
    return {
        ballot.pk: VoteCount(
            tally=powers[ballot.pk].total,
            voters=powers[ballot.pk].voters,
            quorum=needed_for_quorum(ballot.quorum_bps, ballot.quorum_base),
            closes_at=closing[ballot.closes_epoch],
            represented=powers[ballot.pk].represented,
            represented_wallets=powers[ballot.pk].represented_wallets,
        )
        for ballot in ballots
    }


def _stored(kind: type[Any], ballots: list[int]) -> dict[int, Power]:
    """Sum the rows of the votes; the represented power of an open vote is not stored yet."""
    column, choices = _column(kind), DISPUTE_CHOICES if kind is Dispute else PROPOSAL_CHOICES
    powers = {ballot: Power(dict.fromkeys(choices, 0), dict.fromkeys(choices, 0)) for ballot in ballots}
    votes = Vote.objects.filter(**{f"{column}__in": ballots}).values_list(column, "choice")
    sums = votes.annotate(Sum("power"), Sum("represented"), Count("id"), Sum("represented_wallets"))
    for ballot, choice, own, represented, voters, wallets in sums:
        powers[ballot] = _added(
            powers[ballot], choice, int(own + represented), int(represented), voters, wallets
        )
    return powers


def _add_live(powers: dict[int, Power], in_votes: InVotes) -> None:
    """Add what votes on open ballots represent now."""
    for (ballot, _), part in in_votes.items():
        powers[ballot] = _added(powers[ballot], part.choice, part.power, part.power, 0, part.wallets)


def _added(power: Power, choice: str, total: int, represented: int, voters: int, wallets: int) -> Power:
    power.total[choice] += total
    power.represented[choice] += represented
    return Power(power.total, power.represented, power.voters + voters, power.represented_wallets + wallets)


def _column(kind: type[Any]) -> str:
    return "dispute_id" if kind is Dispute else "proposal_id"
