"""Endpoints of nodes: list, detail, and the operator's changes."""

from __future__ import annotations

from dataclasses import asdict
from json import dumps
from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from protocol.addresses import checksum, normalize
from protocol.amounts import BPS, format_amount
from protocol.parameters import DEFAULTS, JOB_CLASSES
from protocol.rewards import REPUTATION_CAP
from protocol.times import write_moment
from staking.api import node_schemas
from staking.selectors.node_figures import CommitmentFigures
from staking.selectors.node_order import OrderedPage
from staking.selectors.nodes import (
    ORDERINGS,
    STATUSES,
    NodeFigures,
    NodeQuery,
    list_page,
    node_figures,
    nodes_by_id,
)
from staking.services import clock, nodes
from web.api import filters
from web.api.cursors import SNAPSHOT_PARTS, Window, number_part, whole, window
from web.api.fields import validated_body
from web.api.pagination import PAGE_PARAMETERS, page_of, snapshot_url
from web.api.response_cache import cached
from web.versioned_cache import VersionedCache

AMOUNTS = (
    "self_stake", "delegated", "effective_stake", "pending_stake", "unbonding", "delegation_cap",
    "delegation_room",
)  # fmt: skip
PLAIN = (
    "name", "region", "hardware", "custodial", "status", "pending_slash", "operator_unbonding", "degraded", "tier",
    "delegator_share_bps", "next_share_bps", "next_share_epoch", "rank", "movement", "score_bps", "q_bps",
    "penalty_bps", "accepted", "live", "sla_bps", "uptime_bps", "latency_ms", "latency_percentile_bps",
    "reputation", "estimated_apr_bps", "registered_epoch",
)  # fmt: skip
LAST_TIER = len(DEFAULTS.tiers) - 1


def _filter(name: str, schema: dict[str, Any], says: str) -> OpenApiParameter:
    return OpenApiParameter(name, schema, OpenApiParameter.QUERY, description=says)


_REPUTATION = {"type": "integer", "minimum": 0, "maximum": REPUTATION_CAP}
_RATIO = {"type": "integer", "minimum": 0, "maximum": 10_000_000}
FILTERS = [
    _filter("tier", {"type": "integer", "minimum": 0, "maximum": LAST_TIER}, "The live tier."),
    _filter("region", {"type": "string", "pattern": node_schemas.texts.REGION_PATTERN}, "The region."),
    _filter("job_class", {"type": "string", "enum": list(JOB_CLASSES)}, "Only nodes that may do these jobs."),
    _filter("open", {"type": "boolean", "default": False}, "true: only nodes that take delegations now."),
    _filter("status", {"type": "string", "enum": list(STATUSES)}, "The status."),
    _filter("operator", node_schemas.fields.ADDRESS, "Only nodes of this wallet."),
    _filter("search", {"type": "string", "maxLength": filters.LONGEST_SEARCH}, "In the name or the address."),
    _filter("min_uptime_bps", _RATIO, "Uptime of at least so much."),
    _filter("min_sla_bps", _RATIO, "An SLA that is known, and at least so much."),
    _filter("min_apr_bps", _RATIO, "An estimated APR that is known, and at least so much."),
    _filter("max_kept_bps", _RATIO, "The operator keeps at most so much of what delegators' stake earns."),
    _filter("room", node_schemas.fields.AMOUNT, "The cap leaves room for at least so much."),
    _filter("min_reputation", _REPUTATION, "A reputation of at least so much."),
    _filter(
        "never_slashed", {"type": "boolean", "default": False}, "true: only nodes without a slash in force."
    ),
    _filter(
        "promises_kept",
        {"type": "boolean", "default": False},
        "true: only nodes whose operator made commitments and broke none.",
    ),
    _filter(
        "ordering",
        {"type": "string", "enum": list(ORDERINGS), "default": "rank"},
        "From the least to the greatest, after a minus the other way; unknown figures come last, ties by address.",
    ),
]
# Answers under a cursor are not cached: each is asked for once.
NAMES = frozenset([parameter.name for parameter in (*FILTERS, *PAGE_PARAMETERS)]) - {"cursor"}
CACHED_PAGES = 256
CACHED_ROWS = 20_000


def node_json(figures: NodeFigures) -> dict[str, Any]:
    """The answer of `GET nodes/ADDR`: amounts as decimal strings of IFM, ratios in bps."""
    shown = {name: getattr(figures, name) for name in PLAIN}
    for name in AMOUNTS:
        amount = getattr(figures, name)
        shown[name] = None if amount is None else format_amount(amount)
    return {
        "address": checksum(figures.address),
        "operator": checksum(figures.operator),
        "signing_key": checksum(figures.signing_key),
        "open": figures.can_delegate,
        "cooldown_until_epoch": figures.cooldown_until if figures.status == "cooldown" else None,
        "registered_at": write_moment(figures.registered_at),
        "commitment": _commitment_json(figures.commitment),
        **shown,
    }


def _commitment_json(commitment: CommitmentFigures | None) -> dict[str, Any] | None:
    if commitment is None:
        return None
    most = commitment.maximum_delegated
    return asdict(commitment) | {"maximum_delegated": None if most is None else format_amount(most)}


def read_query(request: Request) -> NodeQuery:
    """The query of a list of nodes. Raises: `invalid`, `address_invalid`, `amount_invalid`."""
    return NodeQuery(
        tier=whole(request, "tier", None, 0, LAST_TIER),
        region=filters.region(request),
        job_class=filters.choice(request, "job_class", JOB_CLASSES),
        open_only=filters.flag(request, "open"),
        status=filters.choice(request, "status", STATUSES),
        operator=filters.address(request, "operator"),
        search=filters.search(request),
        room=filters.amount(request, "room"),
        min_uptime_bps=_ratio(request, "min_uptime_bps"),
        min_sla_bps=_ratio(request, "min_sla_bps"),
        min_apr_bps=_ratio(request, "min_apr_bps"),
        max_operator_bps=_ratio(request, "max_kept_bps"),
        min_reputation=whole(request, "min_reputation", None, 0, REPUTATION_CAP),
        never_slashed=filters.flag(request, "never_slashed"),
        promises_kept=filters.flag(request, "promises_kept"),
        ordering=filters.choice(request, "ordering", ORDERINGS) or "rank",
    )


def _ratio(request: Request, name: str) -> int | None:
    """A ratio in bps, up to 1,000-fold. Raises: `invalid`."""
    return whole(request, name, None, 0, 1_000 * BPS)


class Nodes(APIView):
    @extend_schema(
        tags=["nodes"],
        operation_id="nodes_list",
        parameters=[*FILTERS, *PAGE_PARAMETERS],
        responses=page_of(node_schemas.Node),
    )
    def get(self, request: Request) -> HttpResponse:
        """Nodes with their figures: stake, tier and status now, performance by the latest ranking."""
        wanted, query = window(request, *SNAPSHOT_PARTS, number_part, number_part), read_query(request)
        page = list_page(query, limit=wanted.limit, offset=wanted.offset, after=wanted.after)
        rows = [] if page is None else _rows.get_many([(page.ranking, id_) for id_ in page.ids], _row_bytes)
        tail = dumps(_next_page(request, wanted, page)).encode()
        body = b'{"results":[' + b",".join(rows) + b'],"next":' + tail + b"}"
        return HttpResponse(body, content_type="application/json")

    @extend_schema(
        tags=["nodes"],
        operation_id="nodes_register",
        request=node_schemas.NewNode,
        responses={201: node_schemas.Node},
    )
    def post(self, request: Request) -> Response:
        """Register a node; the caller is its operator."""
        body = validated_body(node_schemas.NewNode, request.data)
        now = clock.now()
        share = body.pop("delegator_share_bps", None)
        made = nodes.register(operator=request.user.address, share_bps=share, now=now, **body)  # type: ignore[union-attr]
        return Response(node_json(node_figures(made.address, now=now)), status=201)


class OneNode(APIView):
    @extend_schema(tags=["nodes"], operation_id="nodes_read", responses=node_schemas.Node)
    def get(self, request: Request, address: str) -> Response:
        """A node with its live figures."""
        return Response(node_json(node_figures(normalize(address), now=clock.now())))

    @extend_schema(
        tags=["nodes"],
        operation_id="nodes_change",
        request=node_schemas.NodeChanges,
        responses=node_schemas.Node,
    )
    def patch(self, request: Request, address: str) -> Response:
        """Change what an operator may change; the operator alone."""
        changes = validated_body(node_schemas.NodeChanges, request.data)
        node, now = normalize(address), clock.now()
        nodes.change(node=node, actor=request.user.address, changes=changes, now=now)  # type: ignore[union-attr]
        return Response(node_json(node_figures(node, now=now)))


# A node's row is rendered once for all pages that contain it.
_rows: VersionedCache[bytes] = VersionedCache(CACHED_ROWS)
node_list = cached(Nodes.as_view(), names=NAMES, most=CACHED_PAGES)


def _next_page(request: Request, wanted: Window, page: OrderedPage | None) -> str | None:
    if page is None or page.following is None:
        return None
    offset = wanted.stop if wanted.after is None else None
    place = (page.following, page.ranking or 0, int(page.matched))
    return snapshot_url(request, page.listing, *place, offset=offset)


def _row_bytes(keys: list[tuple[int | None, int]]) -> list[bytes]:
    """Rows of one page, all of the same ranking."""
    ranking = keys[0][0]
    rows = [node_json(figures) for figures in nodes_by_id([id_ for _, id_ in keys], ranking=ranking)]
    return [dumps(row, ensure_ascii=False, separators=(",", ":")).encode() for row in rows]
