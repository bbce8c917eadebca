"""Proposals: what is asked, how it stands, and the votes on it."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from governance.api import serializers as shapes
from governance.api.disputes import vote_json
from governance.api.queries import VOTE_PARAMETERS, body, caller_of, cast, number, vote_query
from governance.selectors import proposals
from governance.selectors.replays import effect_of
from governance.selectors.votes import votes_of
from governance.services.proposals import propose
from governance.services.votes import vote_proposal
from protocol.errors import Invalid, NotFound
from protocol.parameters import DEFAULTS, apply_changes
from protocol.votes import PROPOSAL_CHOICES
from staking.measurement.live import open_epoch
from staking.services import clock
from web.api import filters
from web.api.pagination import OFFSET_PARAMETERS, page, page_of, window

STATUSES = tuple(shapes.PROPOSAL_STATUSES)
FILTERS = [OpenApiParameter("status", enum=list(STATUSES))]


@extend_schema(
    methods=["GET"],
    tags=["governance"],
    parameters=[*FILTERS, *OFFSET_PARAMETERS],
    responses=page_of(shapes.ProposalSerializer),
)
@extend_schema(
    methods=["POST"],
    tags=["governance"],
    request=shapes.ProposalBody,
    responses={201: shapes.ProposalSerializer},
)
@api_view(["GET", "POST"])
def proposal_list(request: Request) -> Response:
    """Proposals, the newest first; or a new one, by a wallet with enough voting power."""
    return _propose(request) if request.method == "POST" else _list(request)


@extend_schema(tags=["governance"], responses=shapes.ProposalSerializer)
@api_view(["GET"])
def proposal_detail(request: Request, proposal: int) -> Response:
    """One proposal: what it changes, its tally, quorum and votes, and when it closes."""
    return Response(proposal_json(number(proposal)))


@extend_schema(tags=["governance"], responses=shapes.EffectSerializer)
@api_view(["GET"])
def proposal_effect(request: Request, proposal: int) -> Response:
    """What the proposal would have changed in the last settled epochs, on top of the parameters in force."""
    changes = proposals.proposal_figures(number(proposal), votes=0).proposal.changes
    return _effect(request, changes)


@extend_schema(tags=["governance"], request=shapes.ChangesBody, responses=shapes.EffectSerializer)
@api_view(["POST"])
def preview(request: Request) -> Response:
    """What changes would have done in the last settled epochs; nothing is proposed."""
    changes = body(request).get("changes")
    if not isinstance(changes, dict):
        raise Invalid("Name parameters and their new values.", field="changes")
    return _effect(request, changes)


@extend_schema(
    tags=["governance"],
    parameters=[*VOTE_PARAMETERS, *OFFSET_PARAMETERS],
    responses=page_of(shapes.VoteSerializer),
)
@api_view(["GET"])
def proposal_votes(request: Request, proposal: int) -> Response:
    """The votes on a proposal, by power unless asked otherwise."""
    asked, query = window(request), vote_query(request, PROPOSAL_CHOICES)
    found = proposals.proposal_figures(number(proposal), votes=0).proposal
    votes, count = votes_of(found, query, limit=asked.limit, offset=asked.offset)
    return page(request, list(shapes.VoteSerializer(votes, many=True).data), window=asked, count=count)


@extend_schema(tags=["governance"], request=shapes.ProposalVoteBody, responses=shapes.ProposalSerializer)
@api_view(["POST"])
def proposal_vote(request: Request, proposal: int) -> Response:
    """Vote on a proposal with the wallet's power at the snapshot; a later vote replaces an earlier one."""
    vote = vote_proposal(**cast(request), proposal=number(proposal))
    return Response(proposal_json(proposal) | {"vote": vote_json(vote)})


def proposal_json(proposal: int) -> dict[str, Any]:
    """The answer of `GET proposals/ID`. Raises: `not_found`."""
    return dict(shapes.ProposalSerializer(proposals.proposal_figures(proposal)).data)


def _list(request: Request) -> Response:
    asked = window(request)
    status = filters.choice(request, "status", STATUSES) or ""
    found, count = proposals.list_proposals(limit=asked.limit, offset=asked.offset, status=status)
    return page(request, list(shapes.ProposalSerializer(found, many=True).data), window=asked, count=count)


def _propose(request: Request) -> Response:
    given = body(request)
    made = propose(
        title=given.get("title"),
        body=given.get("body", ""),
        changes=given.get("changes"),
        wallet=caller_of(request),
        now=clock.now(),
    )
    return Response(proposal_json(made.pk), status=201)


def _effect(request: Request, changes: dict[str, Any]) -> Response:
    epoch = open_epoch()
    params = apply_changes(DEFAULTS if epoch is None else epoch.params, changes)
    caller = getattr(request.user, "address", "") or None
    effect = effect_of(params, caller)
    if effect is None:
        raise NotFound("No epoch is settled yet: there is nothing to replay.")
    return Response(shapes.EffectSerializer(effect).data)
