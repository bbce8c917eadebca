"""Pending stake by the epoch in which it was made (R13, R15, R16, R18, R19)."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from protocol.pending import ACTIVE, add, divide, limit, newest_epoch, pending_in, since, take

parts = st.dictionaries(st.integers(1, 9), st.integers(1, 1_000), max_size=4)


def test_the_newest_epoch_is_the_open_one_until_it_ends() -> None:
    assert newest_epoch(5, -1, 86_400) == 5
    assert newest_epoch(5, 0, 86_400) == 6
    assert newest_epoch(5, 86_399, 86_400) == 6
    assert newest_epoch(5, 86_400, 86_400) == 7


def test_stake_is_pending_up_to_the_epoch_in_which_it_was_made() -> None:
    pending = {5: 10, 7: 3}
    assert [pending_in(pending, epoch) for epoch in (4, 5, 6, 7, 8)] == [13, 13, 3, 3, 0]
    assert since(pending, 6) == {7: 3}


def test_active_and_empty_parts_are_not_pending() -> None:
    assert add({5: 10}, {ACTIVE: 4, 5: -10, 7: 1}) == {7: 1}


def test_the_newest_part_is_taken_first_and_active_stake_last() -> None:
    assert take({5: 10, 7: 3}, 5) == ({5: 8}, {7: 3, 5: 2})
    assert take({5: 10, 7: 3}, 20) == ({}, {7: 3, 5: 10, ACTIVE: 7})
    assert take({}, 4) == ({}, {ACTIVE: 4})


def test_a_slash_takes_active_own_stake_first() -> None:
    assert limit({6: 5, 7: 3}, 9) == {6: 5, 7: 3}
    assert limit({6: 5, 7: 3}, 6) == {6: 5, 7: 1}
    assert limit({6: 5, 7: 3}, 0) == {}


def test_a_cancelled_unbonding_is_divided_as_it_was_and_the_active_part_rounded_down() -> None:
    # 9 shares were burned, 4 of them active; 8 are issued: floor(8 × 4 / 9) = 3 are active, the rest is pending.
    assert divide(8, {ACTIVE: 4, 7: 5}, 7) == {ACTIVE: 3, 7: 5}
    assert divide(8, {ACTIVE: 0, 7: 9}, 7) == {7: 8}
    assert divide(8, {ACTIVE: 9, 7: 0}, 7) == {ACTIVE: 8}


@given(parts, st.integers(0, 5_000))
def test_taking_conserves_and_never_prefers_an_older_part(pending: dict[int, int], amount: int) -> None:
    left, taken = take(pending, amount)
    assert sum(taken.values()) == amount
    assert add(left, taken) == pending
    assert all(made >= max(left) for made in taken if made != ACTIVE) if left else True
    assert not left or ACTIVE not in taken


@given(parts.filter(bool), st.integers(1, 5_000), st.data())
def test_dividing_conserves_and_rounds_down_all_but_the_rest(
    pending: dict[int, int], amount: int, data: st.DataObject
) -> None:
    rest = data.draw(st.sampled_from(sorted(pending)))
    divided = divide(amount, pending, rest)
    assert sum(divided.values()) == amount
    total = sum(pending.values())
    for made in set(pending) - {rest}:
        assert divided.get(made, 0) == amount * pending[made] // total
