"""Shares of pools and buckets, and the reward index (R14–R16, R32, R41, R42)."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.errors import AmountTooSmall, InsufficientBalance
from protocol.pools import (
    INDEX_SCALE,
    Redemption,
    accrue,
    claimable,
    grow_index,
    is_void,
    issue_shares,
    redeem_shares,
    refund,
    shares_for,
    shares_to_burn,
    take_claim,
    value_of,
)

amounts = st.integers(1, 10**15)
small = st.integers(1, 60)


def test_the_first_deposit_gets_a_share_for_each_micro() -> None:
    assert issue_shares(1_500, 0, 0) == 1_500
    assert issue_shares(1_500, 1_500, 1_500) == 1_500


def test_after_a_slash_a_share_costs_less_than_a_micro() -> None:
    # 4,000 tokens became 3,000: 300 µIFM are floor(300 × 4,000 / 3,000) = 400 shares, 1 µIFM is 1 share.
    assert issue_shares(300, 3_000, 4_000) == 400
    assert shares_for(1, 3_000, 4_000) == 1
    assert value_of(400, 3_300, 4_400) == 300


def test_an_amount_that_buys_no_share_is_refused() -> None:
    with pytest.raises(AmountTooSmall):
        issue_shares(1, 3, 2)
    assert issue_shares(2, 3, 2) == 1


def test_a_deposit_that_leaves_a_position_worth_nothing_is_refused() -> None:
    # 2 tokens over 3 shares: 1 µIFM issues 1 share of 4, worth floor(3 / 4) = 0 µIFM.
    with pytest.raises(AmountTooSmall):
        issue_shares(1, 2, 3)
    # With a share held before, the two are worth floor(2 × 3 / 4) = 1 µIFM.
    assert issue_shares(1, 2, 3, held=1) == 1


def test_an_amount_after_which_the_rest_is_worth_nothing_is_all() -> None:
    # 2 shares of 814 tokens over 1,000 are worth 1 µIFM; after 80 of 81 µIFM, 1 share worth 0 would remain.
    assert redeem_shares(1, 2, 814, 1_000) == Redemption(1, 2)
    assert value_of(100, 814, 1_000) == 81
    assert redeem_shares(80, 100, 814, 1_000) == Redemption(81, 100)
    assert redeem_shares(79, 100, 814, 1_000) == Redemption(79, 98)


def test_all_of_shares_that_are_worth_nothing_burns_them() -> None:
    assert redeem_shares(None, 1, 814, 1_000) == Redemption(0, 1)
    with pytest.raises(InsufficientBalance):
        redeem_shares(1, 1, 814, 1_000)


def test_a_void_pool_issues_no_shares() -> None:
    assert is_void(0, 5)
    assert not is_void(0, 0)
    assert not is_void(5, 5)
    with pytest.raises(ValueError, match="generation"):
        shares_for(1, 0, 5)


def test_a_redemption_burns_shares_rounded_up() -> None:
    # 3,000 tokens over 4,000 shares: 100 µIFM are 133.3 shares.
    assert redeem_shares(100, 1_000, 3_000, 4_000) == Redemption(100, 134)
    assert shares_to_burn(100, 3_000, 4_000, 120) == 120


def test_the_value_is_all_and_all_is_the_value() -> None:
    assert (
        redeem_shares(None, 1_000, 3_001, 4_000)
        == redeem_shares(750, 1_000, 3_001, 4_000)
        == Redemption(750, 1_000)
    )


def test_the_last_shares_take_every_token_however_they_redeem_shares() -> None:
    assert redeem_shares(None, 3, 10, 3) == Redemption(10, 3)
    assert redeem_shares(10, 3, 10, 3) == Redemption(10, 3)
    # ceil(9 × 3 / 10) = 3: the amount is less than all, and yet no share would remain.
    assert redeem_shares(9, 3, 10, 3) == Redemption(10, 3)


def test_more_than_the_value_and_nothing_are_refused() -> None:
    with pytest.raises(InsufficientBalance) as refused:
        redeem_shares(751, 1_000, 3_001, 4_000)
    assert refused.value.extra["available"] == "0.000750"
    for amount in (0, -1):
        with pytest.raises(AmountTooSmall):
            redeem_shares(amount, 1_000, 3_000, 4_000)
    for held, tokens, shares in ((0, 3_000, 4_000), (0, 0, 0)):
        with pytest.raises(InsufficientBalance):
            redeem_shares(None, held, tokens, shares)


def test_a_refund_pays_every_wallet_at_one_rate() -> None:
    # 10 tokens over 7 shares, 4 of them pending: 1 → 1.43, 3 → 4.29; 6 tokens stay with the 3 others.
    assert refund([1, 3], 10, 7) == [1, 4]


def test_the_last_wallet_of_a_refund_takes_what_is_left_when_no_share_remains() -> None:
    assert refund([1, 3, 3], 10, 7) == [1, 4, 5]
    assert refund([7], 10, 7) == [10]
    assert refund([], 0, 0) == []


def test_the_index_keeps_the_remainder_of_its_division() -> None:
    assert grow_index(40, 0, 2_000) == (2 * 10**16, 0)
    delta, carry = grow_index(1, 0, 3)
    assert (delta, carry) == (333_333_333_333_333_333, 1)
    assert grow_index(1, carry, 3) == (333_333_333_333_333_333, 2)
    assert grow_index(1, 2, 3) == (333_333_333_333_333_334, 0)


def test_an_index_without_shares_takes_nothing() -> None:
    assert grow_index(0, 77, 0) == (0, 77)
    with pytest.raises(ValueError, match="active shares"):
        grow_index(1, 0, 0)


def test_a_claim_takes_whole_micros_and_keeps_the_fraction() -> None:
    owed = 7 * INDEX_SCALE + 5
    assert claimable(owed) == 7
    assert take_claim(owed) == (7, 5)


@given(st.lists(amounts, min_size=1, max_size=8), st.integers(0, 9_999), amounts)
def test_a_deposit_never_takes_from_the_other_holders(
    inside: list[int], slashed_bps: int, amount: int
) -> None:
    shares = sum(inside)
    tokens = shares - shares * slashed_bps // 10_000
    if tokens == 0:
        return
    before = [value_of(held, tokens, shares) for held in inside]
    issued = shares_for(amount, tokens, shares)
    after = [value_of(held, tokens + amount, shares + issued) for held in inside]
    assert all(now >= then for now, then in zip(after, before, strict=True))
    assert value_of(issued, tokens + amount, shares + issued) <= amount
    assert Fraction(tokens + amount, shares + issued) >= Fraction(tokens, shares)


@given(st.lists(small, min_size=1, max_size=5), st.integers(1, 200), st.data())
def test_a_redemption_never_takes_from_the_other_holders(
    held: list[int], tokens: int, data: st.DataObject
) -> None:
    shares = sum(held)
    who = data.draw(st.integers(0, len(held) - 1))
    value = value_of(held[who], tokens, shares)
    if value == 0:
        return
    amount = data.draw(st.none() | st.integers(1, value))
    left, burned = redeem_shares(amount, held[who], tokens, shares)
    assert 0 < burned <= held[who]
    assert left <= tokens
    if burned < shares:
        assert left == (value if burned == held[who] else amount)
        rest = value_of(held[who] - burned, tokens - left, shares - burned)
        assert bool(rest) == (burned < held[who])
        assert tokens > left
        assert Fraction(tokens - left, shares - burned) >= Fraction(tokens, shares)
    else:
        assert left == tokens


@given(st.lists(small, min_size=1, max_size=6), st.integers(0, 60), st.integers(0, 300))
def test_a_refund_never_pays_more_than_there_is(pending: list[int], others: int, tokens: int) -> None:
    shares = sum(pending) + others
    paid = refund(pending, tokens, shares)
    assert all(amount >= 0 for amount in paid)
    assert sum(paid) <= tokens
    if others == 0:
        assert sum(paid) == tokens
    else:
        assert (tokens - sum(paid)) * shares >= tokens * others


@given(st.lists(st.integers(0, 10**12), min_size=1, max_size=12), st.lists(amounts, min_size=1, max_size=6))
def test_claiming_each_time_or_once_pays_the_same(parts: list[int], holders: list[int]) -> None:
    index, carry, total = 0, 0, sum(holders)
    often = dict.fromkeys(range(len(holders)), 0)
    fraction = dict.fromkeys(range(len(holders)), 0)
    for part in parts:
        delta, carry = grow_index(part, carry, total)
        for number, shares in enumerate(holders):
            paid, fraction[number] = take_claim(accrue(fraction[number], shares, index, index + delta))
            often[number] += paid
        index += delta
    for number, shares in enumerate(holders):
        assert claimable(accrue(0, shares, 0, index)) == often[number]
    assert sum(shares * index for shares in holders) + carry == sum(parts) * INDEX_SCALE
    assert 0 <= sum(parts) - sum(often.values()) <= len(holders)
