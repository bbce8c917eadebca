"""The expected value of disputing a slash, from the outcomes of earlier disputes. Amounts in µIFM."""

from __future__ import annotations

from dataclasses import dataclass

from protocol.amounts import BPS


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Numbers of decided disputes: overturned, upheld with a quorum (the deposit is lost), upheld without one."""

    overturned: int = 0
    upheld: int = 0
    no_quorum: int = 0

    @property
    def decided(self) -> int:
        return self.overturned + self.upheld + self.no_quorum


def expected_value(outcomes: Outcomes, *, saved: int, deposit: int) -> int | None:
    """Return the expected gain of a dispute, rounded down; None when no dispute was decided.

    Assumes the outcomes of the decided disputes: `saved` is gained when the slash is overturned, `deposit` is lost
    when it is upheld with a quorum.
    """
    if not outcomes.decided:
        return None
    return (outcomes.overturned * saved - outcomes.upheld * deposit) // outcomes.decided


def break_even_bps(*, saved: int, deposit: int) -> int | None:
    """Return the lowest probability of an overturned slash at which a dispute pays off, in bps, rounded up.

    Assumes that every other vote upholds the slash with a quorum. None when a dispute saves nothing.
    """
    return -(-deposit * BPS // (saved + deposit)) if saved else None
