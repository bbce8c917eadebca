"""The query of a list of nodes, and its SQL."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from protocol.errors import Invalid
from protocol.parameters import Parameters, minimum_tier_of_class
from staking.models.commitment_sql import PROMISES_KEPT
from staking.models.node_sql import EFFECTIVE_STAKE, HAS_STATUS, PENDING_SLASH, SHARE
from staking.services.epochs import OpenEpoch

STATUSES = tuple(HAS_STATUS)

# Figures by the ranking, else by the last settled epoch, as in node_figures.FIGURES.
Q = "coalesce(r.q_bps, e.q_bps, 10000)"
SLA = "CASE WHEN r.rank IS NULL THEN e.sla_bps ELSE r.sla_bps END"
UPTIME = "coalesce(r.uptime_bps, e.uptime_bps, 10000)"

ORDERS = {
    "rank": "r.rank",
    "stake": EFFECTIVE_STAKE,
    "q": Q,
    "apr": "r.apr_bps",
    "share": SHARE,
    "sla": SLA,
    "uptime": UPTIME,
    "name": "lower(n.name)",
    "score": "r.score_bps",
    "latency": "r.latency_percentile_bps",
}
ORDERINGS = tuple(sign + name for name in ORDERS for sign in ("", "-"))

OPEN = (
    f"{HAS_STATUS['active']} AND (n.delegation_cap IS NULL OR n.delegation_cap - p.tokens >= %(least_room)s)"
    f" AND NOT {PENDING_SLASH}"
)
# A node starts with 500 (R38); its reputation is that of its last settled epoch.
REPUTATION = (
    "coalesce((SELECT h.reputation FROM staking_nodeepoch h"
    " WHERE h.node_id = n.id AND h.epoch = %(epoch)s - 1), 500)"
)
NEVER_SLASHED = "NOT EXISTS (SELECT FROM staking_slash s WHERE s.node_id = n.id AND s.status <> 'overturned')"
# Declared, and not declared to be absent.
TEE = (
    "coalesce(n.hardware -> 'tee', 'false') NOT IN ('false', 'null', '0')"
    " AND lower(n.hardware ->> 'tee') NOT IN ('', '0', 'false', 'no', 'none')"
)
# OFFSET 0 keeps the planner from reading the settled rows of those that are ranked.
RANKED = (
    "LEFT JOIN staking_rankingrow r ON r.ranking_id = %(ranking)s AND r.node_id = n.id"
    " LEFT JOIN LATERAL (SELECT * FROM staking_nodeepoch s"
    " WHERE r.rank IS NULL AND s.epoch = %(epoch)s - 1 AND s.node_id = n.id OFFSET 0) e ON true"
)
NODES = "staking_node n JOIN staking_pool p ON p.node_id = n.id"


@dataclass(frozen=True, slots=True)
class NodeQuery:
    """Filters and order of a list of nodes; None asks for nothing.

    `open_only`: takes delegations now. `job_class`: the live tier allows it, `tee` needs the declared
    capability. `operator`: an address in canonical form. `search`: a part of the name or of the address, or the whole
    address of the operator.
    `max_operator_bps`: the most of the reward that the operator may keep. `room`: µIFM that the cap must leave.
    `never_slashed`: no slash that was not overturned. `promises_kept`: a commitment in force, and none broken.
    `registered_before`: a moment. `among`: ids of nodes.
    `amount`: µIFM for which APRs are estimated; without it they are those of the last 30 epochs, or with
    `first_estimates` those of a first delegation where nothing is delegated.
    `ordering`: one of ORDERINGS, a minus turns it round; unknown figures come last either way, ties go by
    address.
    """

    tier: int | None = None
    region: str | None = None
    job_class: str | None = None
    open_only: bool = False
    status: str | None = None
    operator: str | None = None
    search: str = ""
    min_uptime_bps: int | None = None
    min_sla_bps: int | None = None
    min_apr_bps: int | None = None
    max_operator_bps: int | None = None
    room: int | None = None
    min_reputation: int | None = None
    never_slashed: bool = False
    promises_kept: bool = False
    registered_before: datetime | None = None
    among: frozenset[int] | None = None
    amount: int | None = None
    first_estimates: bool = False
    ordering: str = "rank"

    @property
    def estimates_apr(self) -> bool:
        """Whether APRs are computed, and not those of the ranking."""
        return self.amount is not None or self.first_estimates


def conditions(query: NodeQuery, epoch: OpenEpoch) -> tuple[list[str], dict[str, Any]]:
    """The WHERE of a query and its values. Raises: `invalid` for a tier, class or status that cannot be."""
    values: dict[str, Any] = {"epoch": epoch.number, "least_room": epoch.params.min_amount}
    wanted = [*_status_conditions(query), *_tier(query, epoch.params, values)]
    for name, condition in (
        ("region", "n.region = %(region)s"),
        ("operator", "n.operator = %(operator)s"),
        ("min_uptime_bps", f"{UPTIME} >= %(min_uptime_bps)s"),
        ("min_sla_bps", f"{SLA} >= %(min_sla_bps)s"),
        ("min_reputation", f"{REPUTATION} >= %(min_reputation)s"),
        ("registered_before", "n.registered_at < %(registered_before)s"),
        ("max_operator_bps", f"10000 - ({SHARE}) <= %(max_operator_bps)s"),
        ("room", "(n.delegation_cap IS NULL OR n.delegation_cap - p.tokens >= %(room)s)"),
    ):
        if getattr(query, name) is not None:
            values[name] = getattr(query, name)
            wanted.append(condition)
    if query.min_apr_bps is not None and not query.estimates_apr:
        values["min_apr_bps"] = query.min_apr_bps
        wanted.append("r.apr_bps >= %(min_apr_bps)s")
    if query.never_slashed:
        wanted.append(NEVER_SLASHED)
    if query.promises_kept:
        wanted.append(PROMISES_KEPT)
    if query.among is not None:
        values["among_ids"] = sorted(query.among)
        wanted.append("n.id = ANY(%(among_ids)s::int[])")
    if query.search:
        values["search"] = query.search.lower()
        wanted.append(
            "(strpos(n.address, %(search)s) > 0 OR strpos(lower(n.name), %(search)s) > 0 OR n.operator = %(search)s)"
        )
    return wanted, values


def order_by(ordering: str) -> str:
    """The ORDER BY of a list. Raises: `invalid` for an unknown order."""
    name = ordering.removeprefix("-")
    if ordering not in ORDERINGS:
        known = ", ".join(ORDERS)
        raise Invalid(f"Order by one of {known}, or by one of them after a minus.", field="ordering")
    direction = "DESC" if ordering.startswith("-") else "ASC"
    return f"{ORDERS[name]} {direction} NULLS LAST, n.address"


def source(clauses: list[str], order: str = "") -> str:
    """FROM and WHERE; the ranking is joined only where something asks for it."""
    text = " AND ".join(clauses)
    ranked = any(f"{table}." in text + order for table in ("r", "e"))
    return f"FROM {NODES} {RANKED if ranked else ''}" + (f" WHERE {text}" if text else "")


def _status_conditions(query: NodeQuery) -> list[str]:
    if query.status is not None and query.status not in STATUSES:
        raise Invalid(f"Choose a status among {', '.join(STATUSES)}.", field="status")
    return [OPEN] * query.open_only + ([] if query.status is None else [HAS_STATUS[query.status]])


def _tier(query: NodeQuery, params: Parameters, values: dict[str, Any]) -> list[str]:
    wanted = []
    if query.tier is not None:
        if not 0 <= query.tier < len(params.tiers):
            raise Invalid(f"Choose a tier from 0 to {len(params.tiers) - 1}.", field="tier")
        values["tier_from"] = params.tiers[query.tier].minimum
        wanted.append(f"{EFFECTIVE_STAKE} >= %(tier_from)s")
        if query.tier + 1 < len(params.tiers):
            values["tier_below"] = params.tiers[query.tier + 1].minimum
            wanted.append(f"{EFFECTIVE_STAKE} < %(tier_below)s")
    if query.job_class is not None:
        values["class_from"] = params.tiers[minimum_tier_of_class(params, query.job_class)].minimum
        wanted.append(f"{EFFECTIVE_STAKE} >= %(class_from)s")
        if query.job_class == "tee":
            wanted.append(TEE)
    return wanted
