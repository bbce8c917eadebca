"""Read and write a position with all rows that an operation on it needs, in one round trip each.

Written as SQL because the ORM takes longer to build these statements than the server to run them.

Figure: delegate and undelegate, 8 clients
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from delegation.models import Position
from delegation.services.checkpoints import late_epochs, replace_late_checkpoints
from ledger.posting import CALL, posting, run
from postgres.model_rows import columns, from_row
from postgres.prepared import Prepared
from staking.models import Node, NodeEpoch, Pool, Unbonding
from staking.models.pending import HasPending
from staking.services.epochs import EpochParameters, lock_open_epoch, parameters_of
from staking.services.node_lock import unknown
from staking.services.unbonding_entries import ENTRY, Burned, entry_of, entry_values


class LockedRow(NamedTuple):
    """The columns of `delegation_lock_position`; None where there is no such row."""

    number: int | None
    digest: str
    epoch_end: datetime
    node: int | None
    operator: str
    cap: int | None
    retired_at: datetime | None
    banned: bool
    cooldown_until: int
    pool_generation: int
    pool_tokens: int
    pool_shares: Decimal
    pool_pending: Decimal
    pool_epoch: int
    pool_parts: str | None
    pending_slash: bool
    bucket_tokens: int | None
    bucket_shares: Decimal | None
    closed_index: Decimal | None
    begun_index: Decimal | None
    void_epoch: int | None
    void_index: Decimal | None
    id: int | None
    generation: int
    shares: Decimal
    pending_shares: Decimal
    pending_epoch: int
    pending_parts: str | None
    reward_index: Decimal
    owed: Decimal
    claimed: int
    cost: int
    redelegated_at: datetime | None
    opened_epoch: int


LOCK = Prepared(
    f"SELECT {', '.join(LockedRow._fields)} FROM delegation_lock_position(%(node)s, %(wallet)s)", LockedRow
)
STORE = """
WITH pool AS (
  UPDATE staking_pool SET tokens = %(tokens)s, shares = %(pool_shares)s, pending_shares = %(pool_pending)s,
    pending_epoch = %(pool_epoch)s, pending_parts = %(pool_parts)s WHERE node_id = %(node)s
), checkpoint AS (
  INSERT INTO staking_stakecheckpoint (wallet, node_id, epoch, generation, active, shares)
  VALUES (%(wallet)s, %(node)s, %(epoch)s, %(generation)s, %(active)s, %(counted)s)
  ON CONFLICT (wallet, node_id, epoch) DO UPDATE
    SET generation = excluded.generation, active = excluded.active, shares = excluded.shares
), position AS (
  INSERT INTO delegation_position AS x (node_id, wallet, generation, shares, pending_shares, pending_epoch,
    pending_parts, reward_index, owed, claimed, cost, redelegated_at, opened_epoch)
  VALUES (%(node)s, %(wallet)s, %(generation)s, %(shares)s, %(pending)s, %(pending_epoch)s, %(pending_parts)s,
    %(index)s, %(owed)s, %(claimed)s, %(cost)s, %(redelegated_at)s, %(opened)s)
  ON CONFLICT (node_id, wallet) DO UPDATE SET generation = excluded.generation, shares = excluded.shares,
    pending_shares = excluded.pending_shares, pending_epoch = excluded.pending_epoch,
    pending_parts = excluded.pending_parts, reward_index = excluded.reward_index, owed = excluded.owed,
    claimed = excluded.claimed, cost = excluded.cost, redelegated_at = excluded.redelegated_at
  RETURNING x.id
)"""
WRITE = Prepared(f"{STORE} SELECT id FROM position")
# Its pool and the checkpoints of its shares stay as they are.
PAY = Prepared(f"""
WITH position AS (
  UPDATE delegation_position SET generation = %(generation)s, shares = %(shares)s, pending_shares = %(pending)s,
    pending_epoch = %(pending_epoch)s, pending_parts = %(pending_parts)s, reward_index = %(index)s, owed = %(owed)s,
    claimed = %(claimed)s, cost = %(cost)s, redelegated_at = %(redelegated_at)s
  WHERE node_id = %(node)s AND wallet = %(wallet)s RETURNING id
) SELECT id, {CALL} FROM position
""")
MOVE = Prepared(f"{STORE} SELECT id, {CALL} FROM position")
UNBOND = Prepared(f"{STORE}, {ENTRY} SELECT position.id, {CALL}, entry.id, bucket_id FROM position, entry")
# The columns of a node that `LockedRow` has; Django loads the others at their first use.
READ = ("id", "address", "operator", "delegation_cap", "retired_at", "banned", "cooldown_until")
DEFERRED = tuple(name for name in columns(Node) if name not in READ)


@dataclass(slots=True)
class LockedPosition:
    """A wallet's position on a node and everything that an operation on it depends on, under lock.

    `bucket`: tokens and shares that left the node's pool in this epoch. `index`: the reward index at the closes of
    the epochs that settling the position needs. `void`: the epoch in which its shares became void, None otherwise.
    `late`: the epochs later than the open one of which it has checkpoints.
    """

    epoch: EpochParameters
    node: Node
    position: Position
    pending_slash: bool
    bucket: tuple[int, int]
    void: int | None
    index: dict[int, int]
    late: frozenset[int]


def lock_position(node: str, wallet: str) -> LockedPosition:
    """Share-lock the open epoch, lock the node, and read the wallet's position on it as it was last written.

    A wallet without one gets a new one, not saved yet. Raises: `not_found`.
    """
    row = LOCK.row(node=node, wallet=wallet)
    if row is None or row.number is None:
        lock_open_epoch()
        row = LOCK.row(node=node, wallet=wallet)
    assert row is not None
    assert row.number is not None
    if row.node is None:
        raise unknown(node)
    locked_node = _node(row, node)
    position = _position(row, locked_node, wallet, row.number)
    return LockedPosition(
        epoch=EpochParameters(row.number, parameters_of(row.digest), row.epoch_end),
        node=locked_node,
        position=position,
        pending_slash=row.pending_slash,
        bucket=(row.bucket_tokens or 0, int(row.bucket_shares or 0)),
        void=row.void_epoch,
        index=_reward_indexes(row, row.number, position),
        late=late_epochs(position, row.number),
    )


def write(
    node: Node,
    position: Position,
    epoch: int,
    *,
    active: int | None = None,
    late: frozenset[int] = frozenset(),
) -> None:
    """Save position and pool, and the checkpoint of its shares at the end of `epoch` (R42, R44).

    `active`: the shares that earn in the epoch, where shares left that had earned already. `late`: as in
    LockedPosition.
    """
    replace_late_checkpoints(position, epoch, late)
    row = WRITE.row(**_values(node, position, epoch, active))
    assert row is not None
    position.pk = row[0]


def save(locked: LockedPosition) -> None:
    """Save a changed position and its pool without a ledger transaction."""
    write(locked.node, locked.position, locked.epoch.number, late=locked.late)


def write_and_post(
    locked: LockedPosition, *, kind: str, moves: Mapping[str, int], at: datetime, reference: str
) -> int:
    """Save a changed position and post its ledger transaction; the id of that transaction.

    The last statement of its `atomic` block: a further one raises. Raises what `post` raises.
    """
    values = _values_and_posting(locked, kind, moves, at, reference)
    locked.position.pk, posted = run(MOVE.last_row, values)
    return int(posted)


def pay_and_post(
    locked: LockedPosition, *, kind: str, moves: Mapping[str, int], at: datetime, reference: str
) -> int:
    """Save a position of which only what it earned has changed and post its ledger transaction; as `write_and_post`.

    Raises what `post` raises.
    """
    number, wallet = locked.epoch.number, locked.position.wallet
    values = _values(locked.node, locked.position, number)
    values |= posting(kind=kind, moves=moves, at=at, epoch=number, reference=reference, actor=wallet)
    return int(run(PAY.last_row, values)[1])


def write_unbonding(
    locked: LockedPosition,
    burned: Burned,
    *,
    kind: str,
    moves: Mapping[str, int],
    at: datetime,
    reference: str,
) -> tuple[int, Unbonding]:
    """`write_and_post` with an unbonding entry for what was burned, in the epoch's bucket.

    Raises what `post` raises, and `amount_too_small` when the amount is worth no share of the bucket.
    """
    entry = entry_values(kind="delegated", burned=burned, bucket=locked.bucket, epoch=locked.epoch, now=at)
    values = _values_and_posting(locked, kind, moves, at, reference) | entry
    locked.position.pk, posted, entry_id, bucket_id = run(UNBOND.last_row, values)
    return int(posted), entry_of(locked.node, values, entry_id, bucket_id)


def _node(row: LockedRow, address: str) -> Node:
    values = (row.node, address, row.operator, row.cap, row.retired_at, row.banned, row.cooldown_until)
    node = from_row(Node, values, DEFERRED)
    pool = (
        row.pool_generation,
        row.pool_tokens,
        row.pool_shares,
        row.pool_pending,
        row.pool_epoch,
        row.pool_parts,
    )
    node.pool = from_row(Pool, (row.node, *pool))
    return node


def _position(row: LockedRow, node: Node, wallet: str, epoch: int) -> Position:
    if row.id is None:
        return Position(
            node=node,
            wallet=wallet,
            generation=node.pool.generation,
            reward_index=int(row.closed_index or 0),
            opened_epoch=epoch,
        )
    values = (
        row.id, node.id, wallet, row.generation, row.shares, row.pending_shares, row.pending_epoch,
        row.pending_parts, row.reward_index, row.owed, row.claimed, row.cost, row.redelegated_at, row.opened_epoch,
    )  # fmt: skip
    position = from_row(Position, values)
    position.node = node
    return position


def _reward_indexes(row: LockedRow, number: int, position: Position) -> dict[int, int]:
    """By epoch: the last close, the closes of the epochs in which pending shares were made, that of a void."""
    index = {number - 1: int(row.closed_index or 0)}
    if row.pending_parts is not None:
        index |= reward_indexes(position.node_id, [made for made in position.pending if made < number])
    elif row.begun_index is not None:
        index[row.pending_epoch] = int(row.begun_index)
    if row.void_epoch is not None:
        index[row.void_epoch] = int(row.void_index or 0)
    return index


def reward_indexes(node_id: int, epochs: Iterable[int]) -> dict[int, int]:
    """The node's reward index at the close of each of some settled epochs."""
    rows = NodeEpoch.objects.filter(node_id=node_id, epoch__in=list(epochs))
    return {epoch: int(index) for epoch, index in rows.values_list("epoch", "reward_index")}


def _values(node: Node, position: Position, epoch: int, active: int | None = None) -> dict[str, Any]:
    pool = node.pool
    return {
        "node": node.id,
        "tokens": pool.tokens,
        "pool_shares": pool.shares,
        "pool_pending": pool.pending_shares,
        "pool_epoch": pool.pending_epoch,
        "pool_parts": _json(pool),
        "epoch": epoch,
        "wallet": position.wallet,
        "generation": position.generation,
        "active": position.shares - position.pending_in(epoch) if active is None else active,
        "counted": position.shares - position.pending_in(epoch + 1),
        "shares": position.shares,
        "pending": position.pending_shares,
        "pending_epoch": position.pending_epoch,
        "pending_parts": _json(position),
        "index": position.reward_index,
        "owed": position.owed,
        "claimed": position.claimed,
        "cost": position.cost,
        "redelegated_at": position.redelegated_at,
        "opened": position.opened_epoch,
    }


def _json(row: HasPending) -> str | None:
    return None if row.pending_parts is None else json.dumps(row.pending_parts)


def _values_and_posting(
    locked: LockedPosition, kind: str, moves: Mapping[str, int], at: datetime, reference: str
) -> dict[str, Any]:
    number, wallet = locked.epoch.number, locked.position.wallet
    replace_late_checkpoints(locked.position, number, locked.late)
    values = _values(locked.node, locked.position, number)
    return values | posting(kind=kind, moves=moves, at=at, epoch=number, reference=reference, actor=wallet)
