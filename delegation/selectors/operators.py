"""An operator's own stake and earnings on its nodes (R42)."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection

from staking.services.epochs import open_epoch

# `operator_earned` of the last settled epoch sums the operator's part of all epochs.
HOLDINGS = """
SELECT n.id, n.address, n.name, n.self_stake,
  staking_pending_in(n.pending_stake, n.pending_epoch, n.pending_parts, %(open)s)::bigint,
  coalesce(e.operator_earned, 0) - n.operator_claimed, n.operator_claimed
FROM staking_node n LEFT JOIN staking_nodeepoch e ON e.node_id = n.id AND e.epoch = %(open)s - 1
WHERE n.operator = %(wallet)s ORDER BY n.address
"""


@dataclass(frozen=True, slots=True)
class OwnNode:
    """A node that the wallet runs; amounts in µIFM."""

    node_id: int
    node: str
    name: str
    staked: int
    pending: int
    claimable: int
    claimed: int


def nodes_run_by(wallet: str) -> list[OwnNode]:
    """The wallet's own nodes, by address; one query."""
    epoch = open_epoch()
    with connection.cursor() as cursor:
        cursor.execute(HOLDINGS, {"open": epoch.number if epoch else 1, "wallet": wallet})
        return [OwnNode(*row) for row in cursor.fetchall()]
