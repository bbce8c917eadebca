"""Rows of node lists, and the state of a node, from its figures."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from staking.pages.leaderboard_view_models import LeaderboardRow, NodeState
from staking.selectors.nodes import NodeFigures


def state_of(node: NodeFigures) -> NodeState:
    """The state to show first: the most serious one that applies."""
    states: tuple[tuple[bool, NodeState], ...] = (
        (node.ban_pending, "ban_pending"),
        (node.status == "banned", "banned"),
        (node.status == "retired", "retired"),
        (node.pending_slash, "pending_slash"),
        (node.status == "cooldown", "cooldown"),
        (node.degraded, "degraded"),
        (node.operator_unbonding, "unbonding"),
        (node.rank is None, "unranked"),
        (not node.can_delegate, "full"),
    )
    return next((state for holds, state in states if holds), "open")


def is_measured(node: NodeFigures) -> bool:
    """True if Q, score and uptime were ever computed; before that they are unknown, not 1.00×."""
    return node.rank is not None or bool(node.rewards)


def percentile_of(node: NodeFigures) -> int | None:
    """Its latency percentile among the active nodes in bps; None for nodes that no longer work."""
    inactive = node.latency_ms is None or node.status in ("banned", "retired")
    return None if inactive else node.latency_percentile_bps


def row_of(
    node: NodeFigures, estimates: Mapping[int, int | None] | None = None, watched: Collection[int] = ()
) -> LeaderboardRow:
    """The node as a line of a list. `estimates`: APR in bps by node id; `watched`: ids of starred nodes."""
    measured = is_measured(node)
    return LeaderboardRow(
        address=node.address, name=node.name, region=node.region, tier=node.tier, state=state_of(node),
        rank=node.rank, movement=node.movement, q_bps=node.q_bps if measured else None,
        score_bps=node.score_bps if measured else None, sla_bps=node.sla_bps,
        uptime_bps=node.uptime_bps if measured else None,
        latency_percentile_bps=percentile_of(node),
        self_stake=node.self_stake, delegated=node.delegated, cap=node.delegation_cap,
        share_bps=node.delegator_share_bps, apr_bps=node.estimated_apr_bps, rewards=node.rewards,
        can_delegate=node.can_delegate, operator_unbonding=node.operator_unbonding,
        estimate_bps=(estimates or {}).get(node.id), watched=node.id in watched,
    )  # fmt: skip
