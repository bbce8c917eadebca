"""Issue and burn the shares of a position in a locked node's pool. Callers move the tokens in the ledger."""

from __future__ import annotations

from delegation.models import Position
from protocol import pools
from protocol.pending import Pending, add, divide, since, take
from staking.models import Node
from staking.services.unbonding_entries import Burned


def issue(node: Node, position: Position, amount: int, epoch: int, parts: Pending, rest: int) -> None:
    """Issue shares for `amount` µIFM to a settled position while `epoch` is open (R14); nothing is saved.

    They are divided as `parts` by the epoch in which they count as made (R13, R18), the remainder to `rest`.
    Raises: `amount_too_small` when no share would be issued or the position would be worth 0 µIFM.
    """
    pool = node.pool
    issued = pools.issue_shares(amount, pool.tokens, pool.shares, position.shares)
    made = divide(issued, parts, rest)
    pool.tokens, pool.shares = pool.tokens + amount, pool.shares + issued
    pool.pending = add(since(pool.pending, epoch), made)
    position.shares += issued
    position.cost += amount
    position.pending = add(position.pending, made)


def burn(node: Node, position: Position, amount: int | None, epoch: int) -> Burned:
    """Burn the shares of a settled position for `amount` µIFM (None: all), pending ones first (R15); nothing is saved.

    Raises: `amount_too_small` for 0, `insufficient_balance` for more than the position is worth.
    """
    pool = node.pool
    redeemed = pools.redeem_shares(amount, position.shares, pool.tokens, pool.shares)
    position.pending, taken = take(position.pending, redeemed.burned)
    position.shares -= redeemed.burned
    position.cost -= redeemed.amount
    pool.tokens, pool.shares = pool.tokens - redeemed.amount, pool.shares - redeemed.burned
    pool.pending = add(since(pool.pending, epoch), {made: -shares for made, shares in taken.items()})
    return Burned(redeemed.amount, redeemed.burned, taken)


def value(node: Node, position: Position) -> int:
    """The value of a settled position in µIFM, floor (R14)."""
    return pools.value_of(position.shares, node.pool.tokens, node.pool.shares)


def clear_worthless(node: Node, position: Position, epoch: int) -> bool:
    """Burn the shares of a settled position if they are worth 0 µIFM (R15); whether any were. Nothing is saved."""
    if not position.shares or value(node, position):
        return False
    burn(node, position, None, epoch)
    return True
