"""Bodies and query strings of the DAO's doors."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from governance.selectors.votes import ORDERINGS, VoteQuery
from protocol.errors import Invalid, NotFound
from staking.services import clock
from web.api import filters

MAX_ID = 2**63 - 1
VOTE_ORDERINGS = tuple(ORDERINGS)
VOTE_PARAMETERS = [
    OpenApiParameter("ordering", enum=list(VOTE_ORDERINGS), default="-power"),
    OpenApiParameter("choice", description="Only votes for this choice."),
    OpenApiParameter("with_reason", enum=["true", "false"], default="false"),
]


def caller_of(request: Request) -> str:
    """The wallet behind a token or session that may write, canonical."""
    return str(request.user.address)  # type: ignore[union-attr]


def number(given: int) -> int:
    """An id of the address. Raises: `not_found` for one that no row can have."""
    if given > MAX_ID:
        raise NotFound("There is nothing under this number.")
    return given


def body(request: Request) -> dict[str, Any]:
    """The object that was sent; what is in it, the service judges in its own order. Raises: `invalid`."""
    if not isinstance(request.data, dict):
        raise Invalid("Send an object.")
    return request.data


def cast(request: Request) -> dict[str, Any]:
    """A vote as it was sent, by whom and when. Raises: `invalid` for a body that is no object."""
    given = body(request)
    return {
        "choice": given.get("choice"),
        "reason": given.get("reason", ""),
        "wallet": caller_of(request),
        "now": clock.now(),
    }


def vote_query(request: Request, choices: tuple[str, ...]) -> VoteQuery:
    """Filter and order of a list of votes. Raises: `invalid`."""
    return VoteQuery(
        choice=filters.choice(request, "choice", choices) or "",
        with_reason=filters.flag(request, "with_reason"),
        ordering=filters.choice(request, "ordering", VOTE_ORDERINGS) or "-power",
    )
