"""Endpoints of proposals, the votes on them and the effect of changes."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from governance.api import serializers as schemas
from governance.api.disputes import vote_json
from governance.api.queries import (
    VOTE_PARAMETERS,
    caller_of,
    checked_id,
    optional_text,
    request_object,
    vote_fields,
    vote_query,
)
from governance.api.vote_list import vote_page
from governance.selectors import proposals
from governance.selectors.replays import effect_of
from governance.services.proposals import propose
from governance.services.votes import vote_proposal
from protocol.errors import Invalid, NotFound
from protocol.parameters import DEFAULTS, apply_changes
from protocol.votes import PROPOSAL_CHOICES
from staking.services import clock
from staking.services.epochs import open_epoch
from web.api import filters
from web.api.cursors import number_part, window
from web.api.pagination import PAGE_PARAMETERS, page, page_of

STATUSES = tuple(schemas.PROPOSAL_STATUSES)
FILTERS = [OpenApiParameter("status", enum=list(STATUSES))]


@extend_schema(
    methods=["GET"],
    tags=["governance"],
    parameters=[*FILTERS, *PAGE_PARAMETERS],
    responses=page_of(schemas.ProposalSerializer),
)
@extend_schema(
    methods=["POST"],
    tags=["governance"],
    request=schemas.ProposalBody,
    responses={201: schemas.ProposalSerializer},
)
@api_view(["GET", "POST"])
def proposal_list(request: Request) -> Response:
    """List proposals, newest first, or open one; a proposal requires enough voting power."""
    return _propose(request) if request.method == "POST" else _list(request)


@extend_schema(tags=["governance"], responses=schemas.ProposalSerializer)
@api_view(["GET"])
def proposal_detail(request: Request, proposal: int) -> Response:
    """Return a proposal with its changes, tally, quorum, end and votes."""
    return Response(proposal_json(checked_id(proposal)))


@extend_schema(tags=["governance"], responses=schemas.EffectSerializer)
@api_view(["GET"])
def proposal_effect(request: Request, proposal: int) -> Response:
    """Replay the last settled epochs with the proposal applied to the parameters in force."""
    changes = proposals.proposal_figures(checked_id(proposal), votes=0).proposal.changes
    return _effect(request, changes)


@extend_schema(tags=["governance"], request=schemas.ChangesBody, responses=schemas.EffectSerializer)
@api_view(["POST"])
def preview(request: Request) -> Response:
    """Replay the last settled epochs with these changes; no proposal is created."""
    changes = request_object(request).get("changes")
    if not isinstance(changes, dict):
        raise Invalid("Enter parameters and their new values.", field="changes")
    return _effect(request, changes)


@extend_schema(
    tags=["governance"],
    parameters=[*VOTE_PARAMETERS, *PAGE_PARAMETERS],
    responses=page_of(schemas.VoteSerializer),
)
@api_view(["GET"])
def proposal_votes(request: Request, proposal: int) -> Response:
    """List the votes on a proposal, by default with the largest power first."""
    ballot = proposals.proposal_figures(checked_id(proposal), votes=0).proposal
    return vote_page(request, ballot, vote_query(request, PROPOSAL_CHOICES))


@extend_schema(
    tags=["governance"], request=schemas.ProposalVoteBody, responses=schemas.VotedProposalSerializer
)
@api_view(["POST"])
def proposal_vote(request: Request, proposal: int) -> Response:
    """Vote on a proposal with the wallet's power at the snapshot; a second vote replaces the first."""
    vote = vote_proposal(**vote_fields(request), proposal=checked_id(proposal))
    return Response(proposal_json(proposal) | {"vote": vote_json(vote)})


def proposal_json(proposal: int) -> dict[str, Any]:
    """Return the answer of `GET proposals/ID`. Raises: `not_found`."""
    return dict(schemas.ProposalSerializer(proposals.proposal_figures(proposal)).data)


def _list(request: Request) -> Response:
    wanted = window(request, number_part)
    (before,) = wanted.after or (None,)
    status = filters.choice(request, "status", STATUSES) or ""
    rows, _ = proposals.list_proposals(
        limit=wanted.limit + 1, offset=wanted.offset, status=status, before=before
    )
    return page(
        request,
        rows,
        window=wanted,
        key=lambda row: (row.proposal.pk,),
        render=lambda shown: schemas.ProposalSerializer(shown, many=True).data,
    )


def _propose(request: Request) -> Response:
    fields = request_object(request)
    proposal = propose(
        title=fields.get("title"),
        body=optional_text(fields, "body"),
        changes=fields.get("changes"),
        wallet=caller_of(request),
        now=clock.now(),
    )
    return Response(proposal_json(proposal.pk), status=201)


def _effect(request: Request, changes: dict[str, Any]) -> Response:
    epoch = open_epoch()
    params = apply_changes(DEFAULTS if epoch is None else epoch.params, changes)
    caller = getattr(request.user, "address", "") or None
    effect = effect_of(params, caller)
    if effect is None:
        raise NotFound("No epoch is settled yet, so there is nothing to replay.")
    return Response(schemas.EffectSerializer(effect).data)
