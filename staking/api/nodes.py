"""Nodes: the list, one of them, what an operator may do."""

from __future__ import annotations

from typing import Any

from staking.api.fields import write_moment
from staking.protocol.addresses import checksum
from staking.protocol.amounts import format_amount
from staking.selectors.nodes import NodeFigures

AMOUNTS = (
    "self_stake", "delegated", "effective_stake", "pending_stake", "unbonding", "delegation_cap",
    "delegation_room",
)  # fmt: skip
PLAIN = (
    "name", "region", "status", "tier", "delegator_share_bps", "q_bps", "score_bps", "rank", "movement",
    "sla_bps", "uptime_bps", "latency_ms", "latency_percentile_bps", "reputation", "estimated_apr_bps",
    "custodial", "degraded", "pending_slash", "operator_unbonding", "penalty_bps", "accepted", "live",
    "next_share_bps", "next_share_epoch", "hardware", "registered_epoch",
)  # fmt: skip


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
        **shown,
    }
