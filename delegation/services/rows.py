"""A position with its pool and checkpoint: read in one statement, written in one.

Written as SQL because the ORM spends more time on building these statements than the database on running them.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from delegation.models import Position
from staking.ledger.prepared import Prepared
from staking.models import Node
from staking.services.node_lock import columns, from_row

WRITE = Prepared("""
WITH pool AS (
  UPDATE staking_pool SET tokens = %(tokens)s, shares = %(pool_shares)s, pending_shares = %(pool_pending)s,
    pending_epoch = %(epoch)s WHERE node_id = %(node)s
), checkpoint AS (
  INSERT INTO staking_stakecheckpoint (wallet, node_id, epoch, generation, active, shares)
  VALUES (%(wallet)s, %(node)s, %(epoch)s, %(generation)s, %(active)s, %(shares)s)
  ON CONFLICT (wallet, node_id, epoch) DO UPDATE
    SET generation = excluded.generation, active = excluded.active, shares = excluded.shares
)
INSERT INTO delegation_position AS x (node_id, wallet, generation, shares, pending_shares, pending_epoch,
  reward_index, owed, claimed, redelegated_at, opened_epoch)
VALUES (%(node)s, %(wallet)s, %(generation)s, %(shares)s, %(pending)s, %(pending_epoch)s, %(index)s, %(owed)s,
  %(claimed)s, %(redelegated_at)s, %(opened)s)
ON CONFLICT (node_id, wallet) DO UPDATE SET generation = excluded.generation, shares = excluded.shares,
  pending_shares = excluded.pending_shares, pending_epoch = excluded.pending_epoch,
  reward_index = excluded.reward_index, owed = excluded.owed, claimed = excluded.claimed,
  redelegated_at = excluded.redelegated_at
RETURNING x.id
""")


def read(node: Node, wallet: str, epoch: int) -> tuple[Position, int | None, dict[int, int]]:
    """The wallet's position on a locked node as it was last written, or a new one; the epoch in which its shares
    became void, if so; and the reward index at the closes that settling it up to `epoch` − 1 asks for."""
    row = _statement().row(node=node.id, wallet=wallet, closed=epoch - 1)
    assert row is not None
    index, begun, void, void_index, *fields = row
    found = {epoch - 1: int(index)}
    if fields[0] is None:
        fresh = Position(
            node=node,
            wallet=wallet,
            generation=node.pool.generation,
            reward_index=int(index),
            opened_epoch=epoch,
        )
        return fresh, None, found
    position = from_row(Position, tuple(fields))
    position.node = node
    found[position.pending_epoch] = found.get(position.pending_epoch, int(begun))
    if void is not None:
        found[void] = int(void_index)
    return position, void, found


def write(node: Node, position: Position, epoch: int, *, active: int | None = None) -> None:
    """Keep position and pool, and note the shares as `epoch` leaves them with those that earn in it (R42, R44).

    `active` is given where shares have left that had earned the epoch already.
    """
    pending = position.pending_shares if position.pending_epoch == epoch else 0
    values: dict[str, Any] = {
        "node": node.id,
        "tokens": node.pool.tokens,
        "pool_shares": node.pool.shares,
        "pool_pending": node.pool.pending_shares,
        "epoch": epoch,
        "wallet": position.wallet,
        "generation": position.generation,
        "active": position.shares - pending if active is None else active,
        "shares": position.shares,
        "pending": position.pending_shares,
        "pending_epoch": position.pending_epoch,
        "index": position.reward_index,
        "owed": position.owed,
        "claimed": position.claimed,
        "redelegated_at": position.redelegated_at,
        "opened": position.opened_epoch,
    }
    row = WRITE.row(**values)
    assert row is not None
    position.pk = row[0]


@cache
def _statement() -> Prepared:
    wanted = ", ".join(f"x.{name}" for name in columns(Position))
    return Prepared(f"""
        SELECT coalesce(e.reward_index, 0), coalesce(f.reward_index, 0), g.epoch, v.reward_index, {wanted}
        FROM (SELECT %(node)s::integer AS id) n
        LEFT JOIN delegation_position x ON x.node_id = n.id AND x.wallet = %(wallet)s
        LEFT JOIN staking_nodeepoch e ON e.epoch = %(closed)s AND e.node_id = n.id
        LEFT JOIN staking_nodeepoch f ON f.epoch = x.pending_epoch AND f.node_id = n.id
        LEFT JOIN staking_voidgeneration g ON g.node_id = n.id AND g.generation = x.generation
        LEFT JOIN staking_nodeepoch v ON v.epoch = g.epoch AND v.node_id = n.id""")
