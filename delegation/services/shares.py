"""Issue and burn the shares of a position in a locked node's pool. Callers move the tokens in the ledger."""

from __future__ import annotations

from delegation.models import Position
from protocol import pools
from staking.models import Node
from staking.services.unbonding_entries import Burned


def issue(
    node: Node, position: Position, amount: int, epoch: int, *, active_ratio: tuple[int, int] = (0, 1)
) -> None:
    """Issue shares for `amount` µIFM to a settled position (R13, R14); nothing is saved.

    All but `active_ratio` of them (numerator and denominator; floor) are pending: a cancelled unbonding returns as it
    was (R18).
    Raises: `amount_too_small` when no share would be issued or the position would be worth 0 µIFM.
    """
    pool = node.pool
    issued = pools.issue_shares(amount, pool.tokens, pool.shares, position.shares)
    pending = issued - pools.active_part(issued, *active_ratio)
    pool.pending_shares, pool.pending_epoch = pool.pending_in(epoch) + pending, epoch
    pool.tokens, pool.shares = pool.tokens + amount, pool.shares + issued
    # A settled position has pending shares of this epoch only.
    position.pending_shares, position.pending_epoch = position.pending_shares + pending, epoch
    position.shares += issued


def burn(node: Node, position: Position, amount: int | None, epoch: int) -> Burned:
    """Burn the shares of a settled position for `amount` µIFM (None: all), pending ones first (R15); nothing is saved.

    Raises: `amount_too_small` for 0, `insufficient_balance` for more than the position is worth.
    """
    pool = node.pool
    redeemed = pools.redeem_shares(amount, position.shares, pool.tokens, pool.shares)
    from_pending, from_active = pools.pending_first(redeemed.burned, position.pending_shares)
    pool.pending_shares, pool.pending_epoch = pool.pending_in(epoch) - from_pending, epoch
    pool.tokens, pool.shares = pool.tokens - redeemed.amount, pool.shares - redeemed.burned
    position.pending_shares -= from_pending
    position.shares -= redeemed.burned
    return Burned(redeemed.amount, redeemed.burned, from_active)


def value(node: Node, position: Position) -> int:
    """What a settled position is worth now, in µIFM, floor (R14)."""
    return pools.value_of(position.shares, node.pool.tokens, node.pool.shares)


def clear_worthless(node: Node, position: Position, epoch: int) -> bool:
    """Burn the shares of a settled position if they are worth 0 µIFM (R15); whether any were. Nothing is saved."""
    if not position.shares or value(node, position):
        return False
    burn(node, position, None, epoch)
    return True
