"""The cumulative sums of exits (R55)."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from protocol.exits import NOTHING, TokenSums, exit_leaves, sums_after_exit
from protocol.merkle import Leaf

WALLET = "0x" + "a1" * 20


def test_what_was_earned_is_minted_and_what_was_slashed_is_burned() -> None:
    first = sums_after_exit(NOTHING, 300, total=900, deposited=1_000)
    assert first == TokenSums(minted=200, burned=0, released=300)
    second = sums_after_exit(first, 100, total=750, deposited=1_000)
    assert second == TokenSums(minted=200, burned=50, released=400)
    third = sums_after_exit(second, 1, total=799, deposited=1_050)
    assert third == TokenSums(minted=200, burned=50, released=401)


def test_the_leaves_of_an_exit() -> None:
    assert exit_leaves(WALLET, TokenSums(7, 0, 30), 5) == [
        Leaf("minted", WALLET, 7, 5),
        Leaf("burned", WALLET, 0, 5),
        Leaf("released", WALLET, 30, 5),
    ]


STEPS = st.lists(st.tuples(*[st.integers(0, 10**9)] * 3), min_size=1, max_size=12)


@given(STEPS)
def test_after_each_exit_the_chain_holds_what_the_ledger_holds(steps: list[tuple[int, int, int]]) -> None:
    """Deposited + minted − burned − released = total, and sums never fall."""
    sums, deposited = NOTHING, 0
    for exited, total, added in steps:
        former, deposited = sums, deposited + added
        sums = sums_after_exit(former, exited, total=total, deposited=deposited)
        assert deposited + sums.minted - sums.burned - sums.released == total
        assert all(now >= before for now, before in zip(sums, former, strict=True))
        assert 0 in (sums.minted - former.minted, sums.burned - former.burned)
