"""Read every node with its pool and its last accumulators, in O(nodes)."""

from __future__ import annotations

from typing import Any

from django.db import connection

from protocol.rewards import REPUTATION_START
from staking.measurement.node_state import NodeState
from staking.models.node_sql import SHARE, STATUS

# Wide integers as text, which Python parses faster than decimals.
NODES = f"""
SELECT n.id, n.address, n.operator, n.region, n.custodial, {STATUS}, n.banned, n.cooldown_until,
  n.delegation_cap, n.retired_at IS NOT NULL, {SHARE},
  n.self_stake, staking_pending_in(n.pending_stake, n.pending_epoch, n.pending_parts, %(epoch)s)::bigint,
  staking_pending_in(n.pending_stake, n.pending_epoch, n.pending_parts, %(epoch)s + 1)::bigint,
  floor(extract(epoch FROM n.registered_at) * 1000)::bigint,
  p.generation, p.tokens, p.shares::text,
  staking_pending_in(p.pending_shares, p.pending_epoch, p.pending_parts, %(epoch)s)::text,
  staking_pending_in(p.pending_shares, p.pending_epoch, p.pending_parts, %(epoch)s + 1)::text,
  coalesce(e.reward_index, 0)::text, coalesce(e.index_carry, 0)::text, coalesce(e.operator_earned, 0),
  e.q_bps, coalesce(e.penalty_bps, 0), coalesce(e.reputation, {REPUTATION_START}),
  e.last_receipt_epoch, coalesce(e.latency_count, 0), coalesce(e.latency_sum, 0)::text,
  coalesce(e.latency_squares, 0)::text, coalesce(e.window_epoch, 0), coalesce(e.window_after, 0)
FROM staking_node n JOIN staking_pool p ON p.node_id = n.id
LEFT JOIN staking_nodeepoch e ON e.epoch = %(epoch)s - 1 AND e.node_id = n.id
ORDER BY n.address
"""


def read_nodes(epoch: int) -> list[NodeState]:
    """All nodes in the order of their addresses, with the accumulators of the epoch before `epoch`."""
    with connection.cursor() as cursor:
        cursor.execute(NODES, {"epoch": epoch})
        return [_state(row) for row in cursor.fetchall()]


def _state(row: tuple[Any, ...]) -> NodeState:
    (
        id_, address, operator, region, custodial, status, banned, cooldown_until, cap, retired, share_bps,
        self_stake, pending_stake, late_stake, registered_ms, generation, tokens, shares, pending_shares, late_shares,
        index, carry, earned, q, penalty, reputation, last_receipt, count, total, squares, window_epoch, window_after,
    ) = row  # fmt: skip
    shares, pending_shares = int(shares), int(pending_shares)
    active_shares = shares - pending_shares
    # Positional arguments: with keywords the construction of ten thousand nodes takes twice as long.
    return NodeState(
        id_, address, operator, region, custodial, status, banned, cooldown_until, cap, retired, share_bps,
        self_stake, self_stake - pending_stake, late_stake, generation, tokens, shares, pending_shares,
        int(late_shares), tokens * active_shares // shares if shares else 0, active_shares,
        int(index), int(carry), earned, registered_ms, q, penalty, reputation,
        last_receipt, count, int(total), int(squares), window_epoch, window_after,
    )  # fmt: skip
