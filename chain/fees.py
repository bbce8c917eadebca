"""Fees of EIP-1559 transactions, in wei per gas."""

from __future__ import annotations

from typing import Final, NamedTuple

GWEI: Final = 10**9
MIN_TIP: Final = GWEI // 100
MAX_TIP: Final = 20 * GWEI
# In percent of what it replaces; nodes require 110.
BUMP: Final = 115


class Fees(NamedTuple):
    """The tip, and the most that is paid per gas, tip included."""

    tip: int
    max_fee: int


def next_fees(
    base_fee: int, suggested_tip: int, *, ceiling: int, replaced: Fees | None = None
) -> Fees | None:
    """Fees with which the next blocks include a transaction; None when that would cost more than the ceiling.

    `replaced`: fees of a transaction with the same nonce, which they exceed by 15 %.
    """
    if base_fee > ceiling:
        return None
    tip = min(max(suggested_tip, MIN_TIP), MAX_TIP)
    max_fee = min(2 * base_fee + tip, ceiling)
    if replaced is not None:
        tip = max(tip, -(-replaced.tip * BUMP // 100))
        max_fee = max(max_fee, -(-replaced.max_fee * BUMP // 100))
        if max_fee > ceiling:
            return None
    return Fees(min(tip, max_fee), max_fee)
