"""What a position has earned: settled lazily against its node's reward index whenever it is touched (R42)."""

from __future__ import annotations

from collections.abc import Mapping

from delegation.models import Position
from delegation.services.position_store import LockedPosition, lock_position
from protocol import pools
from staking.models import NodeEpoch, VoidGeneration


def lock_settled_position(node: str, wallet: str) -> LockedPosition:
    """Epoch and node under lock, and the wallet's position on it, settled to the last close; new ones are not saved.

    Shares of a void generation are gone, what they had earned stays owed (R14). Raises: `not_found`.
    """
    found = lock_position(node, wallet)
    closed = found.epoch.number - 1
    settle(found.position, found.node.pool.generation, found.void, found.index, closed=closed)
    return found


def settle(
    position: Position, generation: int, void: int | None, index: Mapping[int, int], *, closed: int
) -> None:
    """Bring what is owed up to the close of epoch `closed` (R42). `index` has the reward index at the closes asked.

    Shares that were pending in `closed` or before start at the index at the close of their epoch. `void`: the
    epoch in whose settlement the position's generation became void, None while it runs.
    """
    end = index.get(closed if void is None else void, 0)
    started = position.pending_shares if position.pending_epoch <= closed else 0
    active = position.shares - position.pending_shares
    position.owed = pools.accrue(position.owed, active, position.reward_index, end)
    if started:
        begun = index.get(position.pending_epoch, 0)
        position.owed = pools.accrue(position.owed, started, begun, max(end, begun))
        position.pending_shares = 0
    if void is not None:
        position.shares = position.pending_shares = 0
        position.generation = generation
    position.reward_index = index.get(closed, 0)


def void_epoch(position: Position, generation: int) -> int | None:
    """The epoch in whose settlement the position's shares became void; None while they are of the running one."""
    if position.generation == generation:
        return None
    return VoidGeneration.objects.values_list("epoch", flat=True).get(
        node_id=position.node_id, generation=position.generation
    )


def indexes(node_id: int, epochs: set[int]) -> dict[int, int]:
    """The node's reward index at the close of each of some settled epochs."""
    rows = NodeEpoch.objects.filter(node_id=node_id, epoch__in=epochs)
    return {epoch: int(index) for epoch, index in rows.values_list("epoch", "reward_index")}
