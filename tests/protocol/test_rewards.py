"""Weights, the pool, the split, penalties, reputation and share changes (R31, R38–R41, R48)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.amounts import MICRO
from protocol.errors import ParameterOutOfBounds, ShareCutTooLarge
from protocol.parameters import DEFAULTS
from protocol.pools import accrue, claimable, grow_index
from protocol.rewards import (
    RewardSplit,
    check_share_change,
    distribute,
    next_penalty,
    next_reputation,
    split_reward,
    weight,
)

amounts = st.integers(0, 10**16)
weights = st.lists(st.integers(0, 10**30), max_size=12)


def test_the_weight_is_credits_by_bonus_by_q() -> None:
    assert weight(1_000_000, 2_500, 12_398) == 1_000_000 * 12_500 * 12_398
    assert weight(1_000_000, 2_500, 12_398, barred=True) == 0


def test_rewards_round_down_and_the_rest_is_carried() -> None:
    assert distribute(100, [1, 1, 1]) == ([33, 33, 33], 1)
    assert distribute(100, [0, 7]) == ([0, 100], 0)


def test_without_weight_everything_is_carried() -> None:
    assert distribute(100, [0, 0]) == ([0, 0], 100)
    assert distribute(100, []) == ([], 100)


@given(amounts, weights)
def test_nothing_is_made_or_lost_by_distributing(pool: int, parts: list[int]) -> None:
    rewards, carry = distribute(pool, parts)
    assert sum(rewards) + carry == pool
    assert carry >= 0
    assert all(reward * sum(parts) <= pool * part for reward, part in zip(rewards, parts, strict=True))
    if sum(parts):
        assert carry < max(len(parts), 1)


@given(amounts, weights, st.randoms())
def test_rewards_do_not_depend_on_the_order_of_nodes(pool: int, parts: list[int], random: object) -> None:
    shuffled = list(range(len(parts)))
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    rewards, carry = distribute(pool, parts)
    again, carry_again = distribute(pool, [parts[number] for number in shuffled])
    assert carry == carry_again
    assert again == [rewards[number] for number in shuffled]


def test_the_worked_example_of_the_split() -> None:
    """Section 15, 1: 100 IFM over 2,000 and 2,000 at 80 %: delegators 40 (30 and 10), operator 60."""
    split = split_reward(100 * MICRO, 2_000 * MICRO, 2_000 * MICRO, 8_000)
    assert split == RewardSplit(60 * MICRO, 40 * MICRO)
    index, carry = grow_index(split.delegators, 0, 2_000 * MICRO)
    assert carry == 0
    assert claimable(accrue(0, 1_500 * MICRO, 0, index)) == 30 * MICRO
    assert claimable(accrue(0, 500 * MICRO, 0, index)) == 10 * MICRO


def test_both_floors_of_the_split_are_the_operators() -> None:
    # floor(100 × 1 / 3) = 33, floor(33 × 0.8) = 26.
    assert split_reward(100, 2, 1, 8_000) == RewardSplit(74, 26)


def test_an_operator_alone_gets_all_and_one_without_stake_its_fifth() -> None:
    assert split_reward(100, 50, 0, 8_000) == RewardSplit(100, 0)
    assert split_reward(100, 0, 0, 8_000) == RewardSplit(100, 0)
    assert split_reward(100, 0, 50, 8_000) == RewardSplit(20, 80)
    assert split_reward(100, 0, 50, 10_000) == RewardSplit(0, 100)


@given(amounts, amounts, amounts, st.integers(5_000, 10_000))
def test_a_split_loses_nothing_and_favours_no_delegator(reward: int, own: int, pool: int, share: int) -> None:
    operator, delegators = split_reward(reward, own, pool, share)
    assert operator + delegators == reward
    assert operator >= 0
    assert delegators >= 0
    assert delegators * (own + pool) * 10_000 <= reward * pool * share


@pytest.mark.parametrize(
    ("old", "failed", "severity", "high", "slashes", "penalty"),
    [
        (0, 0, 10_000, False, 0, 0),
        (1_001, 0, 10_000, False, 0, 500),
        (0, 1, 10_000, False, 0, 500),
        (0, 1, 10_000, True, 0, 250),
        (0, 3, 12_500, False, 0, 1_875),
        (0, 3, 12_500, True, 0, 1_562),
        (0, 10, 10_000, False, 0, 5_000),
        (0, 11, 10_000, False, 0, 5_000),
        (0, 10, 20_000, False, 0, 9_000),
        (0, 0, 10_000, True, 1, 2_500),
        (1_000, 2, 15_000, False, 1, 4_500),
        (9_000, 0, 10_000, False, 2, 9_000),
    ],
)
def test_the_penalty_decays_and_grows(
    old: int, failed: int, severity: int, high: bool, slashes: int, penalty: int
) -> None:
    assert next_penalty(DEFAULTS, old, failed, severity, high_performer=high, slashes=slashes) == penalty


@given(st.integers(0, 9_000), st.integers(0, 30), st.integers(0, 20_000), st.booleans(), st.integers(0, 6))
def test_the_penalty_stays_in_its_bounds_and_never_rewards_failure(
    old: int, failed: int, severity: int, high: bool, slashes: int
) -> None:
    penalty = next_penalty(DEFAULTS, old, failed, severity, high_performer=high, slashes=slashes)
    more = next_penalty(DEFAULTS, old, failed + 1, severity, high_performer=high, slashes=slashes)
    assert 0 <= penalty <= more <= 9_000
    assert next_penalty(DEFAULTS, old, failed, severity, high_performer=True, slashes=slashes) <= penalty


@pytest.mark.parametrize(
    ("old", "sla", "slashes", "forgeries", "reputation"),
    [
        (500, 9_500, 0, 0, 505),
        (500, 9_499, 0, 0, 500),
        (500, None, 0, 0, 500),
        (500, 10_000, 1, 0, 455),
        (500, 8_000, 2, 1, 250),
        (500, None, 1, 1, 300),
        (998, 10_000, 0, 0, 1_000),
        (30, None, 1, 0, 0),
        (996, 10_000, 1, 0, 951),
    ],
)
def test_reputation_follows_sla_and_slashes(
    old: int, sla: int | None, slashes: int, forgeries: int, reputation: int
) -> None:
    assert next_reputation(DEFAULTS, old, sla, slashes, forgeries) == reputation


def test_a_share_falls_by_small_steps_and_rises_freely() -> None:
    check_share_change(DEFAULTS, 8_000, 7_500)
    check_share_change(DEFAULTS, 5_000, 10_000)
    with pytest.raises(ShareCutTooLarge):
        check_share_change(DEFAULTS, 8_000, 7_499)
    for share in (4_999, 10_001):
        with pytest.raises(ParameterOutOfBounds):
            check_share_change(DEFAULTS, 8_000, share)
    check_share_change(replace(DEFAULTS, delegator_share_max_cut_bps=5_000), 10_000, 5_000)
