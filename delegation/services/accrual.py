"""Earnings of a position: settled against its node's reward index whenever the position is locked (R42)."""

from __future__ import annotations

from collections.abc import Mapping

from delegation.models import Position
from delegation.services.position_store import LockedPosition, lock_position
from protocol import pools
from protocol.pending import since
from staking.models import VoidGeneration


def lock_settled_position(node: str, wallet: str) -> LockedPosition:
    """Lock the epoch and a node; the wallet's position on it, settled to the last close. A new one is not saved.

    Shares of a void generation are removed; their earnings stay owed (R14). Raises: `not_found`.
    """
    locked = lock_position(node, wallet)
    closed = locked.epoch.number - 1
    settle(locked.position, locked.node.pool.generation, locked.void, locked.index, closed=closed)
    return locked


def settle(
    position: Position, generation: int, void: int | None, index: Mapping[int, int], *, closed: int
) -> None:
    """Bring what is owed up to the close of epoch `closed` (R42).

    `index`: the reward index at the close of `closed`, of the epochs up to it in which pending shares were made, and
    of `void`, the epoch in whose settlement the position's generation became void (None: it is not).
    Shares that were made in `closed` or before start at the index at the close of their epoch.
    """
    end = index.get(closed if void is None else void, 0)
    pending = position.pending
    position.owed = pools.accrue(
        position.owed, position.shares - sum(pending.values()), position.reward_index, end
    )
    for made, shares in pending.items():
        if made <= closed:
            begun = index.get(made, 0)
            position.owed = pools.accrue(position.owed, shares, begun, max(end, begun))
    position.pending = since(pending, closed + 1)
    if void is not None:
        position.shares, position.pending = 0, {}
        position.generation = generation
    position.reward_index = index.get(closed, 0)


def void_epoch(position: Position, generation: int) -> int | None:
    """The epoch in whose settlement the position's shares became void; None when they are not."""
    if position.generation == generation:
        return None
    return VoidGeneration.objects.values_list("epoch", flat=True).get(
        node_id=position.node_id, generation=position.generation
    )
