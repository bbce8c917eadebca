"""The delegations to a node. Public."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from delegation.api.serializers import DelegationSerializer
from delegation.selectors.positions import ids_on_node, positions_by_id
from protocol.addresses import normalize
from staking.selectors.nodes import node_id
from web.api.cursors import SNAPSHOT_PARTS, window
from web.api.pagination import PAGE_PARAMETERS, page_of, snapshot_page


@extend_schema(tags=["nodes"], parameters=PAGE_PARAMETERS, responses=page_of(DelegationSerializer))
@api_view(["GET"])
def delegations(request: Request, address: str) -> Response:
    """The node's delegators, the largest first."""
    node = node_id(normalize(address))
    return snapshot_page(
        request,
        window=window(request, *SNAPSHOT_PARTS),
        keys=lambda: ids_on_node(node),
        read=lambda ids: positions_by_id(node, ids),
        render=lambda shown: DelegationSerializer(shown, many=True).data,
    )
