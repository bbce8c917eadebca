"""Request bodies and query parameters of the governance endpoints."""

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
    """Return the canonical address of the authenticated wallet."""
    return str(request.user.address)  # type: ignore[union-attr]


def checked_id(value: int) -> int:
    """Return an id of the URL. Raises: `not_found` when it does not fit the column."""
    if value > MAX_ID:
        raise NotFound("Nothing has this number.")
    return value


def request_object(request: Request) -> dict[str, Any]:
    """Return the JSON object of the request; the service checks its fields in its own order. Raises: `invalid`."""
    if not isinstance(request.data, dict):
        raise Invalid("Send a JSON object.")
    return request.data


def optional_text(fields: dict[str, Any], name: str) -> object:
    """Return a text that may be left out or null; the service checks it."""
    text = fields.get(name)
    return "" if text is None else text


def vote_fields(request: Request) -> dict[str, Any]:
    """Return choice, reason, wallet and time of a vote. Raises: `invalid` when the body is not an object."""
    fields = request_object(request)
    return {
        "choice": fields.get("choice"),
        "reason": optional_text(fields, "reason"),
        "wallet": caller_of(request),
        "now": clock.now(),
    }


def vote_query(request: Request, choices: tuple[str, ...]) -> VoteQuery:
    """Return filter and order of a list of votes. Raises: `invalid`."""
    return VoteQuery(
        choice=filters.choice(request, "choice", choices) or "",
        with_reason=filters.flag(request, "with_reason"),
        ordering=filters.choice(request, "ordering", VOTE_ORDERINGS) or "-power",
    )
