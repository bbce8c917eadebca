"""Endpoints of disputes and the votes on them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from governance.api import serializers as schemas
from governance.api.queries import (
    MAX_ID,
    VOTE_PARAMETERS,
    caller_of,
    checked_id,
    optional_text,
    request_object,
    vote_fields,
    vote_query,
)
from governance.api.vote_list import vote_page
from governance.models import Vote
from governance.selectors import disputes
from governance.selectors.representation import attach_represented, represented_in_votes
from governance.services.disputes import add_evidence, deposit_key, open_dispute
from governance.services.votes import vote_dispute
from ledger.selectors import posted
from protocol.votes import DISPUTE_CHOICES
from staking.api.nodes import node_json
from staking.selectors.nodes import node_figures
from staking.services import clock
from web.api import filters
from web.api.cursors import number_part, whole, window
from web.api.pagination import PAGE_PARAMETERS, page, page_of

STATUSES = tuple(schemas.DISPUTE_STATUSES)
FILTERS = [
    OpenApiParameter("status", enum=list(STATUSES)),
    OpenApiParameter("node", description="Only disputes of slashes of this node."),
    OpenApiParameter("slash", OpenApiTypes.INT64, description="Only the dispute of this slash."),
]

DISPUTED = inline_serializer(
    "Disputed",
    {
        "transaction": serializers.IntegerField(
            allow_null=True, help_text="Ledger transaction of the deposit; null without a deposit."
        ),
        "wallet": serializers.DictField(help_text="As in `GET me`."),
        "node": serializers.DictField(help_text="As in `GET nodes/ADDR`."),
        "dispute": schemas.DisputeSerializer(),
    },
)


@extend_schema(
    tags=["governance"],
    parameters=[*FILTERS, *PAGE_PARAMETERS],
    responses=page_of(schemas.DisputeSerializer),
)
@api_view(["GET"])
def dispute_list(request: Request) -> Response:
    """List disputes, newest first."""
    wanted = window(request, number_part)
    (before,) = wanted.after or (None,)
    rows, _ = disputes.list_disputes(
        limit=wanted.limit + 1,
        offset=wanted.offset,
        before=before,
        status=filters.choice(request, "status", STATUSES) or "",
        node=filters.address(request, "node") or "",
        slash=whole(request, "slash", None, 0, MAX_ID),
    )
    return page(
        request,
        rows,
        window=wanted,
        key=lambda row: (row.dispute.pk,),
        render=lambda shown: schemas.DisputeSerializer(shown, many=True).data,
    )


@extend_schema(tags=["governance"], responses=schemas.DisputeSerializer)
@api_view(["GET"])
def dispute_detail(request: Request, dispute: int) -> Response:
    """Return a dispute with its tally, quorum, end, votes and evidence."""
    return Response(dispute_json(checked_id(dispute)))


@extend_schema(
    tags=["governance"],
    parameters=[*VOTE_PARAMETERS, *PAGE_PARAMETERS],
    responses=page_of(schemas.VoteSerializer),
)
@api_view(["GET"])
def dispute_votes(request: Request, dispute: int) -> Response:
    """List the votes on a dispute, by default with the largest power first."""
    ballot = disputes.dispute_figures(checked_id(dispute), votes=0).dispute
    return vote_page(request, ballot, vote_query(request, DISPUTE_CHOICES))


@extend_schema(tags=["governance"], request=schemas.DisputeVoteBody, responses=schemas.VotedDisputeSerializer)
@api_view(["POST"])
def dispute_vote(request: Request, dispute: int) -> Response:
    """Vote on a dispute with the wallet's power at the snapshot; a second vote replaces the first."""
    vote = vote_dispute(**vote_fields(request), dispute=checked_id(dispute))
    return Response(dispute_json(dispute) | {"vote": vote_json(vote)})


@extend_schema(tags=["governance"], request=schemas.EvidenceBody, responses={201: schemas.DisputeSerializer})
@api_view(["POST"])
def dispute_evidence(request: Request, dispute: int) -> Response:
    """Add a text and a link to the caller's own dispute while its vote is open."""
    fields = request_object(request)
    add_evidence(
        dispute=checked_id(dispute),
        text=fields.get("text"),
        link=optional_text(fields, "link"),
        actor=caller_of(request),
        now=clock.now(),
    )
    return Response(dispute_json(dispute), status=201)


def slash_dispute(wallet_json: Callable[[str], dict[str, Any]]) -> Any:
    """Return the view of `POST slashes/ID/dispute`; `wallet_json` renders a wallet, which needs other packages."""

    @extend_schema(tags=["governance"], request=schemas.ReasonBody, responses={201: DISPUTED})
    @api_view(["POST"])
    def dispute_slash(request: Request, slash: int) -> Response:
        """Dispute a pending slash of the caller's own node and pay the deposit."""
        now, wallet = clock.now(), caller_of(request)
        reason = request_object(request).get("reason")
        opened = open_dispute(slash=checked_id(slash), reason=reason, actor=wallet, now=now)
        answer = {
            "transaction": posted(deposit_key(opened.pk)),
            "wallet": wallet_json(wallet),
            "node": node_json(node_figures(opened.slash.node.address, now=now)),
            "dispute": dispute_json(opened.pk),
        }
        return Response(answer, status=201)

    return dispute_slash


def dispute_json(dispute: int) -> dict[str, Any]:
    """Return the answer of `GET disputes/ID`. Raises: `not_found`."""
    return dict(schemas.DisputeSerializer(disputes.dispute_figures(dispute)).data)


def vote_json(vote: Vote) -> dict[str, Any]:
    """Return a vote as listed by `GET disputes/ID/votes`."""
    ballot = vote.dispute or vote.proposal
    attach_represented([vote], represented_in_votes([ballot] if ballot else []))
    return dict(schemas.VoteSerializer(vote).data)
