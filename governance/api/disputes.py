"""Disputes: what is judged, how it stands, and the votes on it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from governance.api import serializers as shapes
from governance.api.queries import MAX_ID, VOTE_PARAMETERS, body, caller_of, cast, number, vote_query
from governance.models import Vote
from governance.selectors import disputes
from governance.selectors.votes import votes_of
from governance.services.disputes import add_evidence, deposit_key, open_dispute
from governance.services.votes import vote_dispute
from ledger.selectors import posted
from protocol.votes import DISPUTE_CHOICES
from staking.api.nodes import node_json
from staking.selectors.nodes import node_figures
from staking.services import clock
from web.api import filters
from web.api.pagination import OFFSET_PARAMETERS, page, page_of, whole, window

STATUSES = tuple(shapes.DISPUTE_STATUSES)
FILTERS = [
    OpenApiParameter("status", enum=list(STATUSES)),
    OpenApiParameter("node", description="Only disputes of slashes of this node."),
    OpenApiParameter("slash", OpenApiTypes.INT64, description="Only the dispute of this slash."),
]

DISPUTED = inline_serializer(
    "Disputed",
    {
        "transaction": serializers.IntegerField(
            allow_null=True, help_text="The deposit's number in the ledger."
        ),
        "wallet": serializers.DictField(help_text="As in `GET me`."),
        "node": serializers.DictField(help_text="As in `GET nodes/ADDR`."),
        "dispute": shapes.DisputeSerializer(),
    },
)


@extend_schema(
    tags=["governance"],
    parameters=[*FILTERS, *OFFSET_PARAMETERS],
    responses=page_of(shapes.DisputeSerializer),
)
@api_view(["GET"])
def dispute_list(request: Request) -> Response:
    """Disputes, the newest first."""
    asked = window(request)
    found, count = disputes.list_disputes(
        limit=asked.limit,
        offset=asked.offset,
        status=filters.choice(request, "status", STATUSES) or "",
        node=filters.address(request, "node") or "",
        slash=whole(request, "slash", None, 0, MAX_ID),
    )
    return page(request, list(shapes.DisputeSerializer(found, many=True).data), window=asked, count=count)


@extend_schema(tags=["governance"], responses=shapes.DisputeSerializer)
@api_view(["GET"])
def dispute_detail(request: Request, dispute: int) -> Response:
    """One dispute: tally, quorum, when it closes, its votes and evidence."""
    return Response(dispute_json(number(dispute)))


@extend_schema(
    tags=["governance"],
    parameters=[*VOTE_PARAMETERS, *OFFSET_PARAMETERS],
    responses=page_of(shapes.VoteSerializer),
)
@api_view(["GET"])
def dispute_votes(request: Request, dispute: int) -> Response:
    """The votes on a dispute, by power unless asked otherwise."""
    asked, query = window(request), vote_query(request, DISPUTE_CHOICES)
    found = disputes.dispute_figures(number(dispute), votes=0).dispute
    votes, count = votes_of(found, query, limit=asked.limit, offset=asked.offset)
    return page(request, list(shapes.VoteSerializer(votes, many=True).data), window=asked, count=count)


@extend_schema(tags=["governance"], request=shapes.DisputeVoteBody, responses=shapes.DisputeSerializer)
@api_view(["POST"])
def dispute_vote(request: Request, dispute: int) -> Response:
    """Vote on a dispute with the wallet's power at the snapshot; a later vote replaces an earlier one."""
    vote = vote_dispute(**cast(request), dispute=number(dispute))
    return Response(dispute_json(dispute) | {"vote": vote_json(vote)})


@extend_schema(tags=["governance"], request=shapes.EvidenceBody, responses={201: shapes.DisputeSerializer})
@api_view(["POST"])
def dispute_evidence(request: Request, dispute: int) -> Response:
    """Add words and a link to one's own dispute, until its vote ends."""
    given = body(request)
    add_evidence(
        dispute=number(dispute),
        text=given.get("text"),
        link=given.get("link", ""),
        actor=caller_of(request),
        now=clock.now(),
    )
    return Response(dispute_json(dispute), status=201)


def slash_dispute(wallet_json: Callable[[str], dict[str, Any]]) -> Any:
    """The door `POST slashes/ID/dispute`; the roof says how a wallet is shown, of which this house knows a part."""

    @extend_schema(tags=["governance"], request=shapes.ReasonBody, responses={201: DISPUTED})
    @api_view(["POST"])
    def dispute_slash(request: Request, slash: int) -> Response:
        """Dispute a pending slash of one's own node; the deposit is paid at once."""
        now, wallet = clock.now(), caller_of(request)
        reason = body(request).get("reason")
        opened = open_dispute(slash=number(slash), reason=reason, actor=wallet, now=now)
        answer = {
            "transaction": posted(deposit_key(opened.pk)),
            "wallet": wallet_json(wallet),
            "node": node_json(node_figures(opened.slash.node.address, now=now)),
            "dispute": dispute_json(opened.pk),
        }
        return Response(answer, status=201)

    return dispute_slash


def dispute_json(dispute: int) -> dict[str, Any]:
    """The answer of `GET disputes/ID`. Raises: `not_found`."""
    return dict(shapes.DisputeSerializer(disputes.dispute_figures(dispute)).data)


def vote_json(vote: Vote) -> dict[str, Any]:
    """One vote as in the list of a ballot's votes."""
    return dict(shapes.VoteSerializer(vote).data)
