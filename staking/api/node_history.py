"""Endpoints of a node's history: epochs, slashes, ranks, delegations."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from protocol.addresses import normalize
from staking.api import epoch_schemas as shapes
from staking.api.slashes import SlashShape, slash_page
from staking.selectors import epochs, rankings, slashes
from staking.selectors.nodes import node_id
from web.api.pagination import CURSOR_PARAMETERS, cursor, cursor_page, page_of


@extend_schema(
    tags=["nodes"],
    operation_id="nodes_epochs",
    parameters=CURSOR_PARAMETERS,
    responses=page_of(shapes.EpochNode),
)
@api_view(["GET"])
def node_epochs(request: Request, address: str) -> Response:
    """The node's performance and rewards in each settled epoch, newest first."""
    limit, after = cursor(request)
    rows = epochs.rows_of_node(node_id(normalize(address)))
    older = rows if after is None else rows.filter(epoch__lt=after)
    return cursor_page(
        request,
        list(older[: limit + 1]),
        limit=limit,
        number=lambda row: row.epoch,
        render=lambda row: shapes.EpochNode(row).data,
    )


@extend_schema(
    tags=["nodes"],
    operation_id="nodes_slashes",
    parameters=CURSOR_PARAMETERS,
    responses=page_of(SlashShape),
)
@api_view(["GET"])
def node_slashes(request: Request, address: str) -> Response:
    """The node's slashes, the newest first."""
    node = normalize(address)
    node_id(node)
    return slash_page(request, slashes.slashes(node=node))


@extend_schema(
    tags=["nodes"],
    operation_id="nodes_rankings",
    parameters=CURSOR_PARAMETERS,
    responses=page_of(shapes.DatedPlace),
)
@api_view(["GET"])
def node_rankings(request: Request, address: str) -> Response:
    """The node's ranks, newest first."""
    limit, after = cursor(request)
    rows = rankings.rows_of_node(node_id(normalize(address)))
    older = rows if after is None else rows.filter(ranking_id__lt=after)
    return cursor_page(
        request,
        list(older[: limit + 1]),
        limit=limit,
        number=lambda row: row.ranking_id,
        render=lambda row: shapes.DatedPlace(row).data,
    )
