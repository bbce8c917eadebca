"""Shares of a pool or an unbonding bucket, and the earnings of a share (R14–R16, R18, R32, R41, R42).

Tokens are µIFM. Shares issued are rounded down and shares burned are rounded up, so that rounding never takes from
the other holders. Earnings are kept in units of 10^-18 µIFM.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from protocol.amounts import MAX_AMOUNT, format_amount
from protocol.errors import AmountTooSmall, InsufficientBalance

INDEX_SCALE = 10**18


class Redemption(NamedTuple):
    """µIFM paid out of a pool, and the shares burned for them."""

    amount: int
    burned: int


def is_void(tokens: int, shares: int) -> bool:
    """True if a slash took all tokens: the shares are worth nothing and a new generation begins (R14)."""
    return tokens == 0 and shares > 0


def shares_for(amount: int, tokens: int, shares: int) -> int:
    """Shares for a deposit of `amount` µIFM: floor(amount × shares / tokens), `amount` in an empty pool (R14).

    Raises ValueError for a void pool, which has to begin a new generation first.
    """
    if shares == 0:
        return amount
    if tokens == 0:
        raise ValueError("a void pool begins a new generation before a deposit")
    return amount * shares // tokens


def issue_shares(amount: int, tokens: int, shares: int, held: int = 0) -> int:
    """Shares issued for a deposit of `amount` µIFM by the holder of `held` shares (R14).

    Raises AmountTooSmall when no share is issued or the holding would be worth 0 µIFM (R15), InsufficientBalance
    when the pool would exceed the largest amount.
    """
    issued = shares_for(amount, tokens, shares)
    if issued <= 0 or value_of(held + issued, tokens + amount, shares + issued) == 0:
        raise AmountTooSmall("Enter a larger amount: after rounding, this one would be worth 0 in the pool.")
    if tokens + amount > MAX_AMOUNT:
        raise InsufficientBalance
    return issued


def value_of(shares: int, tokens: int, total_shares: int) -> int:
    """Value of shares in µIFM, rounded down (R14); 0 in an empty pool."""
    return shares * tokens // total_shares if total_shares else 0


def shares_to_burn(amount: int, tokens: int, shares_total: int, held: int) -> int:
    """Shares burned for `amount` µIFM, rounded up, never more than held (R15)."""
    if tokens == 0:
        return held
    return min(-(-amount * shares_total // tokens), held)


def redeem_shares(amount: int | None, held: int, tokens: int, shares_total: int) -> Redemption:
    """Redeem `amount` µIFM, or all (None), of a holding of `held` shares (R15).

    An amount equal to the value is all, and so is one after which the rest would be worth 0 µIFM. All of shares that
    are worth 0 burns them and pays nothing. The last shares of a pool take all its tokens.

    Raises AmountTooSmall for 0, InsufficientBalance for more than the shares are worth and for all of no shares.
    """
    value = value_of(held, tokens, shares_total)
    if amount is not None and amount <= 0:
        raise AmountTooSmall("Enter an amount above 0.")
    if held == 0 or (amount is not None and amount > value):
        raise InsufficientBalance(
            f"You have {format_amount(value)} IFM here.",
            field="amount",
            extra={"available": format_amount(value)},
        )
    if amount is None or amount == value:
        return Redemption(tokens if held == shares_total else value, held)
    burned = shares_to_burn(amount, tokens, shares_total, held)
    if value_of(held - burned, tokens - amount, shares_total - burned) == 0:
        return redeem_shares(None, held, tokens, shares_total)
    return Redemption(amount, burned)


def refund(pending: Sequence[int], tokens: int, shares: int) -> list[int]:
    """µIFM refunded for each wallet's pending shares, wallets in the order of their addresses (R32).

    All are burned at the rate before the first refund, rounded down; when no share of the pool remains,
    the last wallet takes all tokens left.
    """
    amounts = [value_of(held, tokens, shares) for held in pending]
    if amounts and sum(pending) == shares:
        amounts[-1] += tokens - sum(amounts)
    return amounts


def grow_index(part: int, carry: int, active_shares: int) -> tuple[int, int]:
    """Increase of the reward index by `part` µIFM for the delegators, and the new carry, both scaled (R41).

    The index is rounded down, the remainder is the carry. Raises ValueError when there is a part
    and no active share.
    """
    if active_shares == 0:
        if part:
            raise ValueError("a delegators' part needs active shares")
        return 0, carry
    return divmod(part * INDEX_SCALE + carry, active_shares)


def accrue(owed: int, active_shares: int, index_from: int, index_to: int) -> int:
    """Owed earnings (scaled) of a position after the index moved from `index_from` to `index_to` (R42)."""
    return owed + active_shares * (index_to - index_from)


def claimable(owed: int) -> int:
    """Whole µIFM of owed earnings, rounded down (R42)."""
    return owed // INDEX_SCALE


def take_claim(owed: int) -> tuple[int, int]:
    """µIFM that a claim pays, and the fraction that stays owed (scaled) (R42)."""
    return divmod(owed, INDEX_SCALE)
