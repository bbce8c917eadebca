"""Votes added up."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db.models import Sum

from governance.models import Vote
from staking.protocol.votes import DISPUTE_CHOICES, PROPOSAL_CHOICES

Tally = dict[str, int]


def dispute_tallies(disputes: Iterable[int]) -> dict[int, Tally]:
    """Power in µIFM by choice, for each dispute (R45)."""
    return _tallies("dispute_id", list(disputes), DISPUTE_CHOICES)


def proposal_tallies(proposals: Iterable[int]) -> dict[int, Tally]:
    """Power in µIFM by choice, for each proposal (R45)."""
    return _tallies("proposal_id", list(proposals), PROPOSAL_CHOICES)


def _tallies(column: str, ballots: list[int], choices: Sequence[str]) -> dict[int, Tally]:
    tallies = {ballot: dict.fromkeys(choices, 0) for ballot in ballots}
    votes = Vote.objects.filter(**{f"{column}__in": ballots}).values_list(column, "choice")
    for ballot, choice, power in votes.annotate(power=Sum("power")):
        tallies[ballot][choice] = int(power)
    return tallies
