"""The list of votes on a dispute or a proposal, with filter, order and pages."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import Http404, HttpRequest
from django.utils.translation import gettext

from governance.models import Vote
from governance.pages import labels
from governance.selectors.tallies import Ballot
from governance.selectors.votes import VoteQuery, votes_of
from web import query_params
from web.listing import Option, Pager, Sort

VOTES = 20
DEFAULT = "-power"


@dataclass(frozen=True, slots=True)
class VoteList:
    """A page of votes, each with its part of all stake; `filters` are links."""

    votes: tuple[tuple[Vote, str], ...]
    filters: tuple[Option, ...]
    sort: Sort
    pager: Pager


def vote_list(request: HttpRequest, ballot: Ballot, choices: tuple[str, ...]) -> VoteList:
    """Return the list for the query parameters `votes` (a choice or "reason"), `sort` and `page`.

    Raises: BadRequest, Http404.
    """
    selected = query_params.choice(request.GET, "votes", ("reason", *choices))
    ordering = query_params.order(request.GET, frozenset({"power", "at"}), DEFAULT)
    number = query_params.page(request.GET)
    query = VoteQuery("" if selected == "reason" else selected, selected == "reason", ordering)
    votes, count = votes_of(ballot, query, limit=VOTES, offset=(number - 1) * VOTES)
    if number > 1 and not votes:
        raise Http404
    state = (("votes", selected), ("sort", "" if ordering == DEFAULT else ordering))
    return VoteList(
        votes=tuple((vote, labels.part(vote.power, ballot.quorum_base)) for vote in votes),
        filters=_filters(choices, selected),
        sort=Sort(ordering, DEFAULT, state),
        pager=Pager(number, VOTES, count, state),
    )


def _filters(choices: tuple[str, ...], selected: str) -> tuple[Option, ...]:
    named = [
        ("", gettext("All")),
        *((c, str(labels.CHOICES[c])) for c in choices),
        ("reason", gettext("With a reason")),
    ]
    return tuple(Option(value, label, value == selected) for value, label in named)
