"""Tiers, bonuses, severities and cooldowns (section 4, R6, R8)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.amounts import MICRO
from protocol.parameters import DEFAULTS
from protocol.tiers import bonus_bps, cooldown_length, quorum_access, severity_bps, tier_of


@pytest.mark.parametrize(
    ("stake", "tier"),
    [
        (0, 0),
        (500 * MICRO - 1, 0),
        (500 * MICRO, 1),
        (2_000 * MICRO - 1, 1),
        (2_000 * MICRO, 2),
        (10_000 * MICRO - 1, 2),
        (10_000 * MICRO, 3),
        (2**63 - 1, 3),
    ],
)
def test_a_tier_begins_at_its_minimum(stake: int, tier: int) -> None:
    assert tier_of(DEFAULTS, stake) == tier


def test_bonus_severity_and_quorum_access_follow_the_tier() -> None:
    assert [bonus_bps(DEFAULTS, tier) for tier in range(4)] == [0, 1_000, 2_500, 4_000]
    assert [severity_bps(DEFAULTS, tier) for tier in range(4)] == [10_000, 12_500, 15_000, 20_000]
    assert [quorum_access(DEFAULTS, tier) for tier in range(4)] == ["none", "none", "member", "coordinator"]


def test_cooldowns_round_up() -> None:
    """Section 15, 6: tier 2 makes ceil(3 × 1.5) = 5 epochs."""
    assert [cooldown_length(DEFAULTS, tier) for tier in range(4)] == [3, 4, 5, 6]


@given(st.integers(0, 10**14), st.integers(0, 10**14))
def test_more_stake_never_means_a_lower_tier(stake: int, more: int) -> None:
    assert tier_of(DEFAULTS, stake) <= tier_of(DEFAULTS, stake + more)
