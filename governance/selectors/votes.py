"""The single votes on a dispute or a proposal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

from django.db.models import F, QuerySet, Window
from django.db.models.functions import RowNumber

from governance.models import Dispute, Vote
from governance.selectors.representation import InVotes, attach_represented, represented_in_votes
from governance.selectors.tallies import Ballot

# Votes shown for each dispute or proposal: on its own, and in a list.
SHOWN, SHOWN_IN_LIST = 200, 10
ORDERINGS = {
    "power": ("power", "-id"),
    "-power": ("-power", "id"),
    "at": ("at", "id"),
    "-at": ("-at", "-id"),
}


@dataclass(frozen=True, slots=True)
class VoteQuery:
    """Filter and order of a list of votes."""

    choice: str = ""
    with_reason: bool = False
    ordering: str = "-power"


def votes_of(ballot: Ballot, query: VoteQuery, *, limit: int, offset: int) -> tuple[list[Vote], int]:
    """Return a page of the votes on a ballot and their number."""
    votes = _matching(ballot, query)
    page = list(votes[offset : offset + limit])
    attach_represented(page, represented_in_votes([ballot] if page else []))
    return page, votes.count()


def vote_ids(ballot: Ballot, query: VoteQuery) -> list[int]:
    """Return the ids of the votes on a ballot in the order of the query."""
    return list(_matching(ballot, query).values_list("id", flat=True))


def votes_by_id(ballot: Ballot, ids: Sequence[int]) -> list[Vote]:
    """Return the votes on the ballot with these ids, in this order."""
    votes = _votes(ballot).in_bulk(ids)
    page = [votes[number] for number in ids if number in votes]
    attach_represented(page, represented_in_votes([ballot] if page else []))
    return page


def vote_of(ballot: Ballot, wallet: str) -> Vote | None:
    """Return the vote of a wallet on a ballot."""
    vote = _votes(ballot).filter(wallet=wallet).first()
    if vote is not None:
        attach_represented([vote], represented_in_votes([ballot]))
    return vote


def largest_votes(ballots: Sequence[Ballot], in_votes: InVotes, *, each: int) -> dict[int, list[Vote]]:
    """Return the `each` largest votes on each of these disputes, or of these proposals, by power."""
    largest: dict[int, list[Vote]] = {ballot.pk: [] for ballot in ballots}
    if not ballots or not each:
        return largest
    column = "dispute_id" if isinstance(ballots[0], Dispute) else "proposal_id"
    place = Window(RowNumber(), partition_by=F(column), order_by=[F("power").desc(), F("id").asc()])
    votes = Vote.objects.filter(**{f"{column}__in": largest}).annotate(place=place)
    for vote in votes.filter(place__lte=each).order_by(column, "place"):
        largest[getattr(vote, column)].append(vote)
    attach_represented(chain.from_iterable(largest.values()), in_votes)
    return largest


def voted_by(wallet: str, ballots: Sequence[Ballot]) -> dict[int, Vote]:
    """Return the votes of a wallet on these disputes, or on these proposals, by id."""
    if not ballots:
        return {}
    column = "dispute_id" if isinstance(ballots[0], Dispute) else "proposal_id"
    votes = Vote.objects.filter(**{"wallet": wallet, f"{column}__in": [ballot.pk for ballot in ballots]})
    return {getattr(vote, column): vote for vote in votes}


def _matching(ballot: Ballot, query: VoteQuery) -> QuerySet[Vote]:
    votes = _votes(ballot)
    if query.choice:
        votes = votes.filter(choice=query.choice)
    if query.with_reason:
        votes = votes.exclude(reason="")
    return votes.order_by(*ORDERINGS[query.ordering])


def _votes(ballot: Ballot) -> QuerySet[Vote]:
    if isinstance(ballot, Dispute):
        return Vote.objects.filter(dispute=ballot)
    return Vote.objects.filter(proposal=ballot)
