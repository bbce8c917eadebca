"""Burn the shares of positions that a slash left worth 0 µIFM (R15)."""

from __future__ import annotations

from django.db import connection, transaction

from delegation.services.accrual import lock_settled_position
from delegation.services.position_store import save
from delegation.services.shares import clear_worthless

WORTHLESS = """
SELECT n.address, x.wallet
FROM delegation_position x
JOIN staking_pool p ON p.node_id = x.node_id AND p.generation = x.generation
JOIN staking_node n ON n.id = x.node_id
WHERE x.shares > 0 AND x.shares * p.tokens < p.shares ORDER BY n.address, x.wallet LIMIT %s
"""


def clear_worthless_positions(*, batch: int = 5_000) -> int:
    """Burn the shares of all positions that are worth 0 µIFM, `batch` at a time; how many were burned.

    One transaction per position, which moves no tokens and leaves its earnings owed. Each one raises the value of the
    other shares in the pool, so a position is judged again when it is locked.
    """
    total = 0
    while cleared := sum(_clear(node, wallet) for node, wallet in _worthless(batch)):
        total += cleared
    return total


def _worthless(limit: int) -> list[tuple[str, str]]:
    """At most `limit` positions that are worth 0 µIFM, as (node, wallet)."""
    with connection.cursor() as cursor:
        cursor.execute(WORTHLESS, [limit])
        return list(cursor.fetchall())


def _clear(node: str, wallet: str) -> bool:
    with transaction.atomic():
        locked = lock_settled_position(node, wallet)
        cleared = clear_worthless(locked.node, locked.position, locked.epoch.number)
        if cleared:
            save(locked)
        return cleared
