"""Vote counts: power by choice, turnout, and the power that is missing to the quorum."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Sum

from governance.models import Dispute, Proposal, Vote
from governance.selectors.times import closing_times
from protocol.votes import DISPUTE_CHOICES, PROPOSAL_CHOICES, needed_for_quorum

Ballot = Dispute | Proposal
Tally = dict[str, int]


@dataclass(frozen=True, slots=True)
class VoteCount:
    """The count of a vote so far: power by choice and the turnout that meets the quorum, µIFM (R44–R47)."""

    tally: Tally
    voters: int
    quorum: int
    closes_at: datetime

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
    """Return the power by choice for each dispute, µIFM (R45)."""
    return {ballot: tally for ballot, (tally, _) in _tallies(Dispute, list(disputes)).items()}


def proposal_tallies(proposals: Iterable[int]) -> dict[int, Tally]:
    """Return the power by choice for each proposal, µIFM (R45)."""
    return {ballot: tally for ballot, (tally, _) in _tallies(Proposal, list(proposals)).items()}


def counts(ballots: Sequence[Ballot]) -> dict[int, VoteCount]:
    """Return the count of each of these disputes, or of these proposals, in a fixed number of queries."""
    if not ballots:
        return {}
    tallies = _tallies(type(ballots[0]), [ballot.pk for ballot in ballots])
    closing = closing_times({ballot.closes_epoch for ballot in ballots})
    return {
        ballot.pk: VoteCount(
            tally=tallies[ballot.pk][0],
            voters=tallies[ballot.pk][1],
            quorum=needed_for_quorum(ballot.quorum_bps, ballot.quorum_base),
            closes_at=closing[ballot.closes_epoch],
        )
        for ballot in ballots
    }


def _tallies(kind: type[Any], ballots: list[int]) -> dict[int, tuple[Tally, int]]:
    column, choices = (
        ("dispute_id", DISPUTE_CHOICES) if kind is Dispute else ("proposal_id", PROPOSAL_CHOICES)
    )
    tallies: dict[int, tuple[Tally, int]] = {ballot: (dict.fromkeys(choices, 0), 0) for ballot in ballots}
    votes = Vote.objects.filter(**{f"{column}__in": ballots}).values_list(column, "choice")
    for ballot, choice, power, voters in votes.annotate(power=Sum("power"), voters=Count("id")):
        tally, voters_before = tallies[ballot]
        tally[choice] = int(power)
        tallies[ballot] = (tally, voters_before + voters)
    return tallies
