"""The votes of a ballot, one by one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import F, QuerySet, Window
from django.db.models.functions import RowNumber

from governance.models import Dispute, Vote
from governance.selectors.tallies import Ballot

# Of each ballot: on its own, and in a list of many.
SHOWN, SHOWN_IN_LIST = 200, 10
ORDERINGS = {
    "power": ("power", "-id"),
    "-power": ("-power", "id"),
    "at": ("at", "id"),
    "-at": ("-at", "-id"),
}


@dataclass(frozen=True, slots=True)
class VoteQuery:
    """Which votes of a ballot, in which order."""

    choice: str = ""
    with_reason: bool = False
    ordering: str = "-power"


def votes_of(ballot: Ballot, query: VoteQuery, *, limit: int, offset: int) -> tuple[list[Vote], int]:
    """A page of the votes of a ballot, and how many there are."""
    found = _of(ballot)
    if query.choice:
        found = found.filter(choice=query.choice)
    if query.with_reason:
        found = found.exclude(reason="")
    ordered = found.order_by(*ORDERINGS[query.ordering])
    return list(ordered[offset : offset + limit]), found.count()


def vote_of(ballot: Ballot, wallet: str) -> Vote | None:
    """What a wallet voted."""
    return _of(ballot).filter(wallet=wallet).first()


def largest_votes(ballots: Sequence[Ballot], *, each: int) -> dict[int, list[Vote]]:
    """The votes of each of some disputes, or of some proposals: those with most power, by power."""
    found: dict[int, list[Vote]] = {ballot.pk: [] for ballot in ballots}
    if not ballots or not each:
        return found
    column = "dispute_id" if isinstance(ballots[0], Dispute) else "proposal_id"
    place = Window(RowNumber(), partition_by=F(column), order_by=[F("power").desc(), F("id").asc()])
    votes = Vote.objects.filter(**{f"{column}__in": found}).annotate(place=place)
    for vote in votes.filter(place__lte=each).order_by(column, "place"):
        found[getattr(vote, column)].append(vote)
    return found


def voted_by(wallet: str, ballots: Sequence[Ballot]) -> dict[int, Vote]:
    """What a wallet voted on each of some disputes, or of some proposals."""
    if not ballots:
        return {}
    column = "dispute_id" if isinstance(ballots[0], Dispute) else "proposal_id"
    votes = Vote.objects.filter(**{"wallet": wallet, f"{column}__in": [ballot.pk for ballot in ballots]})
    return {getattr(vote, column): vote for vote in votes}


def _of(ballot: Ballot) -> QuerySet[Vote]:
    if isinstance(ballot, Dispute):
        return Vote.objects.filter(dispute=ballot)
    return Vote.objects.filter(proposal=ballot)
