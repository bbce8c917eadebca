"""Checkpoints of a position's shares in an epoch and in those later than the open one (R13, R42, R44)."""

from __future__ import annotations

from collections.abc import Collection

from delegation.models import Position
from staking.models import StakeCheckpoint


def late_epochs(position: Position, epoch: int) -> frozenset[int]:
    """The epochs later than `epoch` in which shares of the position count as made (R13): it has checkpoints of them."""
    return frozenset(made for made in position.pending if made > epoch)


def replace_late_checkpoints(position: Position, epoch: int, before: frozenset[int]) -> None:
    """Write the checkpoints of epochs later than `epoch` that shares need now, and delete the others of `before`."""
    now = late_epochs(position, epoch)
    if before - now:
        StakeCheckpoint.objects.filter(
            wallet=position.wallet, node_id=position.node_id, epoch__in=before - now
        ).delete()
    write_checkpoints(position, now)


def write_checkpoints(position: Position, epochs: Collection[int]) -> None:
    """Write the checkpoint of each of these epochs, from the position's shares as they are now."""
    if not epochs:
        return
    checkpoints = [
        StakeCheckpoint(
            wallet=position.wallet,
            node_id=position.node_id,
            epoch=epoch,
            generation=position.generation,
            active=position.shares - position.pending_in(epoch),
            shares=position.shares - position.pending_in(epoch + 1),
        )
        for epoch in sorted(epochs)
    ]
    StakeCheckpoint.objects.bulk_create(
        checkpoints,
        update_conflicts=True,
        unique_fields=["wallet", "node", "epoch"],
        update_fields=["generation", "active", "shares"],
    )
