"""A position with all that an act on it decides by: locked and read in one call, written in one.

Written as SQL because the ORM spends more time on building these statements than the database on running them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from delegation.models import Position
from ledger.posting import CALL, posting, run
from postgres.model_rows import columns, from_row
from postgres.prepared import Prepared
from staking.models import Node, Pool, Unbonding
from staking.services.epochs import Running, lock_open_epoch, parameters_of
from staking.services.node_lock import unknown
from staking.services.unbondings import ENTRY, entry_of, entry_values

LOCK = Prepared("""
SELECT number, digest, node, operator, cap, retired_at, banned, cooldown_until,
  pool_generation, pool_tokens, pool_shares, pool_pending, pool_epoch,
  pending_slash, bucket_tokens, bucket_shares, closed_index, begun_index, void_epoch, void_index,
  id, generation, shares, pending_shares, pending_epoch, reward_index, owed, claimed, redelegated_at, opened_epoch
FROM delegation_lock_position(%(node)s, %(wallet)s)
""")
KEEP = """
WITH pool AS (
  UPDATE staking_pool SET tokens = %(tokens)s, shares = %(pool_shares)s, pending_shares = %(pool_pending)s,
    pending_epoch = %(epoch)s WHERE node_id = %(node)s
), checkpoint AS (
  INSERT INTO staking_stakecheckpoint (wallet, node_id, epoch, generation, active, shares)
  VALUES (%(wallet)s, %(node)s, %(epoch)s, %(generation)s, %(active)s, %(shares)s)
  ON CONFLICT (wallet, node_id, epoch) DO UPDATE
    SET generation = excluded.generation, active = excluded.active, shares = excluded.shares
), position AS (
  INSERT INTO delegation_position AS x (node_id, wallet, generation, shares, pending_shares, pending_epoch,
    reward_index, owed, claimed, redelegated_at, opened_epoch)
  VALUES (%(node)s, %(wallet)s, %(generation)s, %(shares)s, %(pending)s, %(pending_epoch)s, %(index)s, %(owed)s,
    %(claimed)s, %(redelegated_at)s, %(opened)s)
  ON CONFLICT (node_id, wallet) DO UPDATE SET generation = excluded.generation, shares = excluded.shares,
    pending_shares = excluded.pending_shares, pending_epoch = excluded.pending_epoch,
    reward_index = excluded.reward_index, owed = excluded.owed, claimed = excluded.claimed,
    redelegated_at = excluded.redelegated_at
  RETURNING x.id
)"""
WRITE = Prepared(f"{KEEP} SELECT id FROM position")
MOVE = Prepared(f"{KEEP} SELECT id, {CALL} FROM position")
LEAVE = Prepared(f"{KEEP}, {ENTRY} SELECT position.id, {CALL}, entry.id, bucket_id FROM position, entry")
# What an act asks of the node itself; the rest is loaded when somebody reads it.
ASKED = ("id", "address", "operator", "delegation_cap", "retired_at", "banned", "cooldown_until")
REST = tuple(name for name in columns(Node) if name not in ASKED)


@dataclass(slots=True)
class Found:
    """What an act on a position decides by, all of it under lock.

    `bucket`: tokens and shares of what leaves the node's delegations in this epoch. `index`: the reward index at the
    closes that settling the position asks for; `void`: the epoch in which its shares became void, if so.
    """

    epoch: Running
    node: Node
    position: Position
    pending_slash: bool
    bucket: tuple[int, int]
    void: int | None
    index: dict[int, int]


def lock_position(node: str, wallet: str) -> Found:
    """Share-lock the open epoch, lock the node, and read the wallet's position on it as it was last written.

    A wallet without one gets a new one, not saved yet. Raises: `not_found`.
    """
    row = LOCK.row(node=node, wallet=wallet)
    if row is None or row[0] is None:
        lock_open_epoch()
        row = LOCK.row(node=node, wallet=wallet)
    assert row is not None
    number, digest, *of_node = row[:8]
    epoch = Running(number, parameters_of(digest))
    if of_node[0] is None:
        raise unknown(node)
    found = from_row(Node, (of_node[0], node, *of_node[1:]), REST)
    found.pool = from_row(Pool, (found.id, *row[8:13]))
    pending_slash, tokens, shares, closed, begun, void, void_index = row[13:20]
    position = _position(found, wallet, row[20:], epoch, int(closed or 0))
    index = {number - 1: int(closed or 0)}
    if begun is not None:
        index[position.pending_epoch] = int(begun)
    if void is not None:
        index[void] = int(void_index or 0)
    return Found(epoch, found, position, pending_slash, (tokens or 0, int(shares or 0)), void, index)


def write(node: Node, position: Position, epoch: int, *, active: int | None = None) -> None:
    """Keep position and pool, and note the shares as `epoch` leaves them with those that earn in it (R42, R44).

    `active` is given where shares have left that had earned the epoch already.
    """
    row = WRITE.row(**_values(node, position, epoch, active))
    assert row is not None
    position.pk = row[0]


def write_and_post(found: Found, *, kind: str, moves: Mapping[str, int], at: datetime, reference: str) -> int:
    """The same for what an act has found and changed, with what it moves in the ledger; the posted transaction.

    It ends the act: nothing may follow in its transaction. Raises what `post` raises.
    """
    found.position.pk, posted = run(MOVE.last_row, _act(found, kind, moves, at, reference))
    return int(posted)


def write_leaving(
    found: Found, amount: int, *, kind: str, moves: Mapping[str, int], at: datetime, reference: str
) -> tuple[int, Unbonding]:
    """The same with the entry of `amount` µIFM that leave with the epoch's bucket; it ends the act too.

    Raises what `post` raises, and `amount_too_small` when the amount buys no share of the bucket.
    """
    entry = entry_values(kind="delegated", amount=amount, bucket=found.bucket, epoch=found.epoch, now=at)
    values = _act(found, kind, moves, at, reference) | entry
    found.position.pk, posted, *made = run(LEAVE.last_row, values)
    return int(posted), entry_of(found.node, values, *made)


def _position(node: Node, wallet: str, fields: tuple[Any, ...], epoch: Running, index: int) -> Position:
    if fields[0] is None:
        return Position(
            node=node,
            wallet=wallet,
            generation=node.pool.generation,
            reward_index=index,
            opened_epoch=epoch.number,
        )
    position = from_row(Position, (fields[0], node.id, wallet, *fields[1:]))
    position.node = node
    return position


def _values(node: Node, position: Position, epoch: int, active: int | None = None) -> dict[str, Any]:
    pending = position.pending_shares if position.pending_epoch == epoch else 0
    return {
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


def _act(found: Found, kind: str, moves: Mapping[str, int], at: datetime, reference: str) -> dict[str, Any]:
    number, wallet = found.epoch.number, found.position.wallet
    values = _values(found.node, found.position, number)
    return values | posting(kind=kind, moves=moves, at=at, epoch=number, reference=reference, actor=wallet)
