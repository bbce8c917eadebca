"""Shares into and out of a locked node's pool; the tokens are the ledger's business."""

from __future__ import annotations

from delegation.models import Position
from protocol import pools
from staking.models import Node


def enter(node: Node, position: Position, amount: int, epoch: int) -> None:
    """Count µIFM that come into the pool as pending shares of the settled position (R13, R14); nothing is saved.

    Raises: `amount_too_small` when no share would be issued.
    """
    pool = node.pool
    issued = pools.enter(amount, pool.tokens, pool.shares)
    pool.pending_shares, pool.pending_epoch = pool.pending_in(epoch) + issued, epoch
    pool.tokens, pool.shares = pool.tokens + amount, pool.shares + issued
    # A settled position has pending shares of this epoch only.
    position.pending_shares, position.pending_epoch = position.pending_shares + issued, epoch
    position.shares += issued


def leave(node: Node, position: Position, amount: int | None, epoch: int) -> int:
    """Burn the shares for µIFM (None: all) of a settled position, pending ones first; the µIFM that leave (R15).

    Nothing is saved. Raises: `amount_too_small` for 0, `insufficient_balance` for more than the position is worth.
    """
    pool = node.pool
    leaving = pools.leave(amount, position.shares, pool.tokens, pool.shares)
    from_pending, _ = pools.pending_first(leaving.burned, position.pending_shares)
    pool.pending_shares, pool.pending_epoch = pool.pending_in(epoch) - from_pending, epoch
    pool.tokens, pool.shares = pool.tokens - leaving.amount, pool.shares - leaving.burned
    position.pending_shares -= from_pending
    position.shares -= leaving.burned
    return leaving.amount


def value(node: Node, position: Position) -> int:
    """What a settled position is worth now, in µIFM, floor (R14)."""
    return pools.value_of(position.shares, node.pool.tokens, node.pool.shares)
