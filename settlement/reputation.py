"""Step 9: what the epoch does to a node's standing (R31, R38)."""

from __future__ import annotations

from protocol import performance, rewards
from settlement.state import Settlement


def update_standing(work: Settlement) -> None:
    """Step 9. Penalty and reputation of every node; its settlement tier was fixed with its weight (R7)."""
    params = work.params
    for node in work.nodes:
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
