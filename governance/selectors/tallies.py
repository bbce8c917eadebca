"""Votes added up, and what they still lack."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count as Rows
from django.db.models import Sum

from governance.models import Dispute, Proposal, Vote
from governance.selectors.times import closing_times
from protocol.votes import DISPUTE_CHOICES, PROPOSAL_CHOICES, needed_for_quorum

Ballot = Dispute | Proposal
Tally = dict[str, int]


@dataclass(frozen=True, slots=True)
class Count:
    """The votes of one ballot so far: power by choice, the turnout that makes a quorum, both µIFM (R44–R47)."""

    tally: Tally
    voters: int
    quorum: int
    closes_at: datetime

    @property
    def turnout(self) -> int:
        return sum(self.tally.values())

    @property
    def missing(self) -> int:
        """What the turnout lacks to a quorum, in µIFM."""
        return max(self.quorum - self.turnout, 0)

    @property
    def quorum_reached(self) -> bool:
        return self.missing == 0


def dispute_tallies(disputes: Iterable[int]) -> dict[int, Tally]:
    """Power in µIFM by choice, for each dispute (R45)."""
    return {ballot: tally for ballot, (tally, _) in _tallies(Dispute, list(disputes)).items()}


def proposal_tallies(proposals: Iterable[int]) -> dict[int, Tally]:
    """Power in µIFM by choice, for each proposal (R45)."""
    return {ballot: tally for ballot, (tally, _) in _tallies(Proposal, list(proposals)).items()}


def counts(ballots: Sequence[Ballot]) -> dict[int, Count]:
    """The count of each of some disputes, or of some proposals, in a fixed number of queries."""
    if not ballots:
        return {}
    tallies = _tallies(type(ballots[0]), [ballot.pk for ballot in ballots])
    closing = closing_times({ballot.closes_epoch for ballot in ballots})
    return {
        ballot.pk: Count(
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
    for ballot, choice, power, voters in votes.annotate(power=Sum("power"), voters=Rows("id")):
        tally, so_far = tallies[ballot]
        tally[choice] = int(power)
        tallies[ballot] = (tally, so_far + voters)
    return tallies
