"""Who delegates to a node. Anyone may ask."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from delegation.api.serializers import DelegationSerializer
from delegation.selectors.positions import count_on_node, node_id_of, positions_on_node
from protocol.addresses import normalize
from web.api.pagination import OFFSET_PARAMETERS, page, page_of, window


@extend_schema(tags=["nodes"], parameters=OFFSET_PARAMETERS, responses=page_of(DelegationSerializer))
@api_view(["GET"])
def delegations(request: Request, address: str) -> Response:
    """The node's delegators, the largest first."""
    asked = window(request)
    node_id = node_id_of(normalize(address))
    found = positions_on_node(node_id, limit=asked.limit, offset=asked.offset)
    shown = list(DelegationSerializer(found, many=True).data)
    return page(request, shown, window=asked, count=count_on_node(node_id))
