"""Forecasts at a constant rate."""

from __future__ import annotations

from protocol.forecast import epochs_until_below, seconds_until_below


def below(hits: int, total: int, recent_hits: int, recent_total: int, limit_bps: int = 8_000) -> int | None:
    return seconds_until_below(
        hits,
        total,
        recent_hits=recent_hits,
        recent_total=recent_total,
        window_seconds=3_600,
        limit_bps=limit_bps,
    )


def test_a_silent_node_falls_below_the_limit_when_its_margin_is_used_up() -> None:
    # 90 of 100 with nothing in 60 more slots an hour: 90 / 112.5 is 80 %, after 12.5 slots of a minute.
    assert below(90, 100, 0, 60) == 751


def test_a_ratio_at_or_above_the_limit_is_never_crossed_at_a_rate_above_it() -> None:
    assert below(80, 100, 48, 60) is None
    assert below(80, 100, 60, 60) is None
    assert below(100, 100, 0, 0) is None


def test_a_ratio_below_the_limit_is_crossed_now() -> None:
    assert below(79, 100, 60, 60) == 0


def test_a_ratio_at_the_limit_is_not_crossed_yet_but_with_the_next_miss() -> None:
    assert below(80, 100, 0, 60) == 1
    assert below(8, 10, 7, 10) == 1


def test_without_a_count_nothing_is_crossed_at_a_good_rate() -> None:
    assert below(0, 0, 0, 0) is None


def test_a_stake_falls_below_the_minimum_in_the_epoch_after_the_margin_is_used_up() -> None:
    assert epochs_until_below(1_000, lost_per_epoch=100, minimum=500) == 6
    assert epochs_until_below(1_000, lost_per_epoch=100, minimum=501) == 5
    assert epochs_until_below(1_000, lost_per_epoch=0, minimum=500) is None
    assert epochs_until_below(1_000, lost_per_epoch=-5, minimum=500) is None
    assert epochs_until_below(499, lost_per_epoch=0, minimum=500) == 0
