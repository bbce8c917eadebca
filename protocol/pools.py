"""Tokens and shares of a pool or an unbonding bucket, and what a share earns (R14–R16, R32, R41, R42).

Tokens are µIFM. Who enters gets shares rounded down and who leaves burns shares rounded up, so
that rounding never takes from those who stay. Earnings are kept in units of 10^-18 µIFM.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from protocol.amounts import MAX_AMOUNT, format_amount
from protocol.errors import AmountTooSmall, InsufficientBalance

INDEX_SCALE = 10**18


class Leaving(NamedTuple):
    """What leaves a pool: µIFM paid out and shares burned."""

    amount: int
    burned: int


def is_void(tokens: int, shares: int) -> bool:
    """Whether a slash took all: such shares are worth nothing and a new generation begins (R14)."""
    return tokens == 0 and shares > 0


def shares_for(amount: int, tokens: int, shares: int) -> int:
    """The shares an amount (µIFM) buys: floor(amount × shares / tokens); of an empty pool `amount` (R14).

    Raises ValueError for a void pool, which has to begin a new generation first.
    """
    if shares == 0:
        return amount
    if tokens == 0:
        raise ValueError("a void pool begins a new generation before anyone enters")
    return amount * shares // tokens


def enter(amount: int, tokens: int, shares: int) -> int:
    """The shares issued to who brings an amount (R14).

    Raises AmountTooSmall when there would be none, InsufficientBalance for more than any wallet can have left.
    """
    issued = shares_for(amount, tokens, shares)
    if issued <= 0:
        raise AmountTooSmall("Give a larger amount: this one would not buy a single share of the pool.")
    if tokens + amount > MAX_AMOUNT:
        raise InsufficientBalance
    return issued


def value_of(shares: int, tokens: int, total_shares: int) -> int:
    """What shares are worth in µIFM, rounded down (R14); 0 in an empty pool."""
    return shares * tokens // total_shares if total_shares else 0


def shares_to_burn(amount: int, tokens: int, shares_total: int, held: int) -> int:
    """The shares burned for an amount (µIFM), rounded up, never more than held (R15)."""
    if tokens == 0:
        return held
    return min(-(-amount * shares_total // tokens), held)


def leave(amount: int | None, held: int, tokens: int, shares_total: int) -> Leaving:
    """What leaves when the holder of `held` shares asks for an amount in µIFM, or for all (None) (R15, R16).

    An amount equal to the value is all; whichever way the last shares leave, they take all tokens.
    Raises AmountTooSmall for 0, InsufficientBalance for more than the shares are worth.
    """
    value = value_of(held, tokens, shares_total)
    if amount is not None and amount <= 0:
        raise AmountTooSmall("Give an amount above 0.")
    if value == 0 or (amount is not None and amount > value):
        raise InsufficientBalance(
            f"Only {format_amount(value)} IFM can leave.",
            field="amount",
            extra={"available": format_amount(value)},
        )
    if amount is None or amount == value:
        amount, burned = value, held
    else:
        burned = shares_to_burn(amount, tokens, shares_total, held)
    return Leaving(tokens if burned == shares_total else amount, burned)


def pending_first(burned: int, pending: int) -> tuple[int, int]:
    """How many of the burned shares are (pending, active): pending ones leave first (R15)."""
    from_pending = min(burned, pending)
    return from_pending, burned - from_pending


def refund(pending: Sequence[int], tokens: int, shares: int) -> list[int]:
    """The µIFM returned for each wallet's pending shares, wallets in the order of their address (R32).

    All are burned at the rate before the first, rounded down; when no share of the pool remains,
    the last wallet takes all tokens left.
    """
    amounts = [value_of(held, tokens, shares) for held in pending]
    if amounts and sum(pending) == shares:
        amounts[-1] += tokens - sum(amounts)
    return amounts


def grow_index(part: int, carry: int, active_shares: int) -> tuple[int, int]:
    """How far µIFM for the delegators lift the reward index, and the new carry, both scaled (R41).

    The index is rounded down, the remainder is the carry. Raises ValueError when there is a part
    and nobody to earn it.
    """
    if active_shares == 0:
        if part:
            raise ValueError("a delegators' part needs active shares")
        return 0, carry
    return divmod(part * INDEX_SCALE + carry, active_shares)


def accrue(owed: int, active_shares: int, index_from: int, index_to: int) -> int:
    """What is owed (scaled) after the index moved between two touches of a position (R42)."""
    return owed + active_shares * (index_to - index_from)


def claimable(owed: int) -> int:
    """The whole µIFM in what is owed, rounded down (R42)."""
    return owed // INDEX_SCALE


def take_claim(owed: int) -> tuple[int, int]:
    """The µIFM that a claim pays and the fraction that stays owed (scaled) (R42)."""
    return divmod(owed, INDEX_SCALE)
