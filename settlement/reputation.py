"""Step 12: ranking penalty and reputation (R31, R38)."""

from __future__ import annotations

from protocol import performance, rewards
from settlement.state import Settlement


def update_reputation(settlement: Settlement) -> None:
    """Step 12. Update penalty and reputation of every node; its tier was determined with its weight (R7)."""
    params = settlement.params
    for node in settlement.nodes:
        node.penalty_bps = rewards.next_penalty(
            params,
            node.former_penalty,
            node.accepted - node.good,
            params.tiers[node.tier].severity_bps,
            high_performer=performance.is_high_performer(params, node.former_q),
            slashes=node.slashes_created,
        )
        executed = node.executed_offences
        node.reputation = rewards.next_reputation(
            params, node.former_reputation, node.sla_bps, len(executed), executed.count("forged_trace")
        )
