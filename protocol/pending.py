"""Pending stake by the epoch in which it counts as made (R13).

A mapping from epoch to µIFM of own stake or to shares of a pool. What was made in an epoch is pending in it, and also
in the epochs before it that are still to be settled: while settlement is late, stake counts as made in the newest
epoch that has begun by the clock.
"""

from __future__ import annotations

from collections.abc import Mapping

Pending = Mapping[int, int]

# An epoch before all others: what was made in it is active.
ACTIVE = 0


def newest_epoch(number: int, ended_for: int, epoch_length: int) -> int:
    """Number of the newest epoch that has begun by the clock (R13).

    `number`: the open epoch, which ended `ended_for` time units ago (negative: it has not ended yet). Epochs after it
    are taken to be as long as it is.
    """
    return number if ended_for < 0 else number + 1 + ended_for // epoch_length


def pending_in(pending: Pending, epoch: int) -> int:
    """The amount that is pending in `epoch`."""
    return sum(amount for made, amount in pending.items() if made >= epoch)


def since(pending: Pending, epoch: int) -> dict[int, int]:
    """The parts that are pending in `epoch`."""
    return {made: amount for made, amount in pending.items() if made >= epoch}


def add(pending: Pending, more: Pending) -> dict[int, int]:
    """Both together; empty parts and parts that are active are left out."""
    epochs = sorted({*pending, *more} - {ACTIVE})
    sums = {made: pending.get(made, 0) + more.get(made, 0) for made in epochs}
    return {made: amount for made, amount in sums.items() if amount}


def take(pending: Pending, amount: int) -> tuple[dict[int, int], dict[int, int]]:
    """Take an amount from the pending parts, the newest first (R15, R16): what is left and what was taken, by epoch.

    The part of `amount` that exceeds all that is pending is active: it is taken under ACTIVE.
    """
    left, taken = dict(pending), {}
    for made in sorted(pending, reverse=True):
        part = min(left[made], amount)
        amount -= part
        left[made] -= part
        taken[made] = part
    taken[ACTIVE] = amount
    return _positive(left), _positive(taken)


def limit(pending: Pending, most: int) -> dict[int, int]:
    """The pending parts of own stake of which a slash left `most` µIFM: active stake bears the loss first."""
    excess = max(sum(pending.values()) - most, 0)
    return take(pending, excess)[0]


def divide(amount: int, parts: Pending, rest: int) -> dict[int, int]:
    """Divide an amount as `parts` are divided, rounded down; the remainder belongs to the epoch `rest` (R18, R19)."""
    total = sum(parts.values())
    divided = {made: amount * part // total for made, part in parts.items() if made != rest}
    divided[rest] = amount - sum(divided.values())
    return _positive(divided)


def _positive(parts: Pending) -> dict[int, int]:
    return {made: amount for made, amount in parts.items() if amount}
