"""Rows to inputs: every node with its pool and its last accumulators, in O(nodes)."""

from __future__ import annotations

from typing import Any

from django.db import connection

from protocol.rewards import REPUTATION_START
from staking.measurement.node_state import NodeState

# Wide integers as text, which Python reads sooner than decimals.
NODES = f"""
SELECT n.id, n.address, n.operator, n.region, n.custodial, n.banned, n.cooldown_until, n.delegation_cap,
  n.retired_at IS NOT NULL,
  CASE WHEN n.next_share_epoch <= %(epoch)s THEN n.next_share_bps ELSE n.share_bps END,
  n.self_stake, CASE WHEN n.pending_epoch = %(epoch)s THEN n.pending_stake ELSE 0 END,
  floor(extract(epoch FROM n.registered_at) * 1000)::bigint,
  p.generation, p.tokens, p.shares::text,
  CASE WHEN p.pending_epoch = %(epoch)s THEN p.pending_shares ELSE 0 END::text,
  coalesce(e.reward_index, 0)::text, coalesce(e.index_carry, 0)::text, coalesce(e.operator_earned, 0),
  e.q_bps, coalesce(e.penalty_bps, 0), coalesce(e.reputation, {REPUTATION_START}),
  coalesce(e.latency_count, 0), coalesce(e.latency_sum, 0)::text, coalesce(e.latency_squares, 0)::text
FROM staking_node n JOIN staking_pool p ON p.node_id = n.id
LEFT JOIN staking_nodeepoch e ON e.epoch = %(epoch)s - 1 AND e.node_id = n.id
ORDER BY n.address
"""


def read_nodes(epoch: int) -> list[NodeState]:
    """The nodes in the order of their addresses, with the accumulators of the epoch before `epoch`."""
    with connection.cursor() as cursor:
        cursor.execute(NODES, {"epoch": epoch})
        return [_state(row, epoch) for row in cursor.fetchall()]


def _state(row: tuple[Any, ...], epoch: int) -> NodeState:
    (
        id_, address, operator, region, custodial, banned, cooldown_until, cap, retired, share_bps,
        self_stake, pending_stake, registered_ms, generation, tokens, shares, pending_shares,
        index, carry, earned, q, penalty, reputation, count, total, squares,
    ) = row  # fmt: skip
    shares, pending_shares = int(shares), int(pending_shares)
    active_shares = shares - pending_shares
    status = _status(epoch, banned, retired, cooldown_until)
    # By place, in the order of the fields: for ten thousand nodes names take as long as all the rest.
    return NodeState(
        id_, address, operator, region, custodial, status, banned, cooldown_until, cap, retired, share_bps,
        self_stake, self_stake - pending_stake, generation, tokens, shares, pending_shares,
        tokens * active_shares // shares if shares else 0, active_shares,
        int(index), int(carry), earned, registered_ms, q, penalty, reputation, count, int(total), int(squares),
    )  # fmt: skip


def _status(epoch: int, banned: bool, retired: bool, cooldown_until: int) -> str:
    """A node's status in `epoch` (section 2); node_query.STANDING says the same in SQL."""
    if banned:
        return "banned"
    if retired:
        return "retired"
    return "cooldown" if cooldown_until >= epoch else "active"
