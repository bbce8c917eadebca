"""Proofs, SLA, uptime, latency, scarcity and Q (R22–R29)."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from math import isqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.amounts import MICRO
from protocol.parameters import DEFAULTS
from protocol.performance import (
    average_latency,
    cap_degraded,
    counted_slots,
    first_slot,
    is_degraded,
    is_good,
    is_high_performer,
    judge_proof,
    latency_percentiles,
    q_factor,
    rejection_bps,
    scarcity,
    sla_bps,
    sla_factor,
    uptime_bps,
    variation_bps,
)

ratios = st.integers(0, 10_000)


def test_the_worked_example_of_q() -> None:
    """Section 15, 5, the source's 1.24×: 10,000 + 940 + 1,146 + 312 + 0 = 12,398."""
    terms = q_factor(DEFAULTS, 9_400, 9_910, 2_400 * MICRO, 0, 10_000)
    assert terms == (940, 1_146, 312, 0, 12_398, 10_000, 12_398)


def test_every_term_at_its_most_and_at_its_least() -> None:
    best = q_factor(DEFAULTS, 10_000, 10_000, 50_000 * MICRO, 10_000, 9_500)
    assert best == (1_000, 1_200, 1_300, 1_500, 15_000, 10_000, 15_000)
    worst = q_factor(DEFAULTS, 0, 0, 0, 0, 0)
    assert worst == (0, -1_200, 0, 0, 8_800, 5_000, 4_400)


def test_uptime_rounds_towards_the_lower_number_below_the_floor_too() -> None:
    # 1,200 × −1 // 2,000 is −1: floor, not truncation.
    assert q_factor(DEFAULTS, 0, 7_999, 0, 0, None).uptime == -1
    assert q_factor(DEFAULTS, 0, 8_000, 0, 0, None).uptime == 0
    assert q_factor(DEFAULTS, 0, 8_001, 0, 0, None).uptime == 0
    assert q_factor(DEFAULTS, 0, 8_002, 0, 0, None).uptime == 1
    assert q_factor(DEFAULTS, 0, 5_000, 0, 0, None).uptime == -1_200


def test_q_is_never_below_its_least() -> None:
    harsh = replace(DEFAULTS, q_uptime_bps=5_000)
    assert q_factor(harsh, 0, 0, 0, 0, 0).q == 2_500
    assert q_factor(replace(harsh, q_uptime_bps=9_500), 0, 0, 0, 0, 0).q == 1_000


@pytest.mark.parametrize(
    ("sla", "factor"),
    [
        (None, 10_000), (10_000, 10_000), (9_500, 10_000), (9_499, 9_995), (9_000, 7_500), (8_501, 5_005),
        (8_500, 5_000), (8_499, 5_000), (0, 5_000),
    ],
)  # fmt: skip
def test_what_the_sla_leaves_of_q(sla: int | None, factor: int) -> None:
    assert sla_factor(DEFAULTS, sla) == factor


def test_a_threshold_at_full_leaves_no_ramp() -> None:
    steep = replace(DEFAULTS, sla_threshold_bps=9_000, sla_full_bps=9_000)
    assert (sla_factor(steep, 9_000), sla_factor(steep, 8_999)) == (10_000, 5_000)


@given(ratios, ratios, st.integers(0, 10**14), ratios, st.none() | ratios)
def test_q_rises_with_each_of_its_inputs(
    percentile: int, uptime: int, stake: int, scarce: int, sla: int | None
) -> None:
    q = q_factor(DEFAULTS, percentile, uptime, stake, scarce, sla).q
    assert 1_000 <= q <= 15_000
    assert q <= q_factor(DEFAULTS, min(percentile + 1, 10_000), uptime, stake, scarce, sla).q
    assert q <= q_factor(DEFAULTS, percentile, min(uptime + 1, 10_000), stake, scarce, sla).q
    assert q <= q_factor(DEFAULTS, percentile, uptime, stake + 1, scarce, sla).q
    assert q <= q_factor(DEFAULTS, percentile, uptime, stake, min(scarce + 1, 10_000), sla).q
    assert q <= q_factor(DEFAULTS, percentile, uptime, stake, scarce, None if sla is None else sla + 1).q


@pytest.mark.parametrize(
    ("signed", "own", "differ", "history", "proof"),
    [
        (True, True, False, False, "valid"),
        (False, False, False, False, "missing"),
        (False, False, True, False, "missing"),
        (True, False, False, False, "invalid"),
        (True, False, True, False, "invalid"),
        (True, True, True, False, "forged"),
        (False, False, True, True, "unchecked"),
    ],
)
def test_proofs_are_judged_in_their_order(
    signed: bool, own: bool, differ: bool, history: bool, proof: str
) -> None:
    assert judge_proof(signed=signed, by_signing_key=own, traces_differ=differ, history=history) == proof


@pytest.mark.parametrize(
    ("outcome", "proof", "latency", "good"),
    [
        ("completed", "valid", 2_000, True),
        ("completed", "unchecked", 2_000, True),
        ("completed", "valid", 2_001, False),
        ("completed", "missing", 1, False),
        ("completed", "invalid", 1, False),
        ("completed", "forged", 1, False),
        ("timeout", "valid", 1, False),
        ("rejected", "valid", 1, False),
        ("dropped", "valid", 1, False),
        ("schema_mismatch", "valid", 1, False),
    ],
)
def test_a_good_job_is_completed_proven_and_in_time(
    outcome: str, proof: str, latency: int, good: bool
) -> None:
    assert is_good(outcome, proof, latency, 2_000) is good


def test_ratios_round_down_and_an_empty_one_is_unknown() -> None:
    assert sla_bps(2, 3) == 6_666
    assert sla_bps(0, 5) == 0
    assert sla_bps(0, 0) is None
    assert rejection_bps(1, 2) == 3_333
    assert rejection_bps(0, 0) == 0
    assert rejection_bps(4, 0) == 10_000


@pytest.mark.parametrize(
    ("registered_ms", "slot"),
    [(-5_000, 0), (0, 0), (299_999, 0), (300_000, 1), (300_001, 1), (86_399_000, 287)],
)
def test_a_slot_counts_when_it_ends_after_the_registration(registered_ms: int, slot: int) -> None:
    assert first_slot(registered_ms, 300_000) == slot


@pytest.mark.parametrize(
    ("quorum", "active", "heard", "slots"),
    [
        # A fifth of ten nodes is two; nobody was heard in slot 3.
        (2_000, 10, {0: 2, 1: 1, 2: 10, 4: 2}, [0, 2, 4]),
        # A fifth of eleven is more than two.
        (2_000, 11, {0: 2, 1: 3}, [1]),
        (0, 10, {0: 2}, [0, 1, 2, 3, 4]),
        (10_000, 3, {0: 3, 1: 2, 4: 3}, [0, 4]),
        (1, 1_000_000, {0: 99, 1: 100}, [1]),
        (2_000, 0, {}, [0, 1, 2, 3, 4]),
        (2_000, 10, {}, []),
    ],
)
def test_a_slot_counts_when_the_quorum_of_active_nodes_was_heard(
    quorum: int, active: int, heard: dict[int, int], slots: list[int]
) -> None:
    params = replace(DEFAULTS, heard_quorum_bps=quorum)
    assert counted_slots(params, heard, active, 5) == slots


def test_only_slots_that_are_over_count() -> None:
    assert counted_slots(DEFAULTS, {0: 1, 1: 1}, 1, 1) == [0]
    assert counted_slots(DEFAULTS, {0: 1, 1: 1}, 1, 0) == []


def test_uptime_is_the_part_of_slots_with_a_heartbeat() -> None:
    assert uptime_bps(287, 288) == 9_965
    assert uptime_bps(0, 288) == 0
    assert uptime_bps(0, 0) == 10_000
    assert uptime_bps(0, 288, oracle_silent=True) == 10_000


def test_latency_percentiles_count_the_strictly_slower() -> None:
    assert latency_percentiles({"a": 10, "b": 20, "c": 20, "d": 30}) == {
        "a": 10_000, "b": 3_333, "c": 3_333, "d": 0,
    }  # fmt: skip
    assert latency_percentiles({"a": 10}) == {"a": 10_000}
    assert latency_percentiles({"a": 10, "b": 10}) == {"a": 0, "b": 0}
    assert latency_percentiles({}) == {}


@given(st.lists(st.integers(0, 50), min_size=2, max_size=30))
def test_percentiles_agree_with_counting(averages: list[int]) -> None:
    result = latency_percentiles(dict(enumerate(averages)))
    for node, own in enumerate(averages):
        slower = sum(1 for other in averages if other > own)
        assert result[node] == 10_000 * slower // (len(averages) - 1)


def test_scarcity_weighs_demand_against_supply() -> None:
    demand = {"eu": 60, "us": 30, "sea": 10}
    assert scarcity(demand, {"eu": 1, "us": 2}) == {"eu": 8_000, "us": 0, "sea": 0}
    assert scarcity({"eu": 100}, {"eu": 1, "us": 9}) == {"eu": 10_000, "us": 0}
    assert scarcity({}, {"eu": 1}) == {"eu": 0}
    assert scarcity({"eu": 3}, {}) == {"eu": 0}
    assert scarcity({"eu": 3}, {"eu": 0}) == {"eu": 0}


@given(
    st.dictionaries(st.sampled_from("abcd"), st.integers(0, 50)),
    st.dictionaries(st.sampled_from("abcd"), st.integers(0, 9)),
)
def test_scarcity_agrees_with_fractions(demand: dict[str, int], supply: dict[str, int]) -> None:
    result = scarcity(demand, supply)
    for region, bps in result.items():
        if not supply.get(region) or not sum(demand.values()):
            assert bps == 0
            continue
        share = Fraction(demand.get(region, 0), sum(demand.values()))
        excess = share / Fraction(supply[region], sum(supply.values())) - 1
        assert bps == int(10_000 * min(max(excess, Fraction(0)), Fraction(1)))


def test_latency_and_its_variation() -> None:
    assert average_latency(3, 100) == 33
    assert average_latency(0, 0) is None
    assert variation_bps(0, 0, 0) == 0
    assert variation_bps(2, 200, 20_000) == 0
    # 0 and 200: mean 100, deviation 100.
    assert variation_bps(2, 200, 40_000) == 10_000
    assert variation_bps(3, 0, 0) == 0


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=40))
def test_variation_is_the_floor_of_deviation_over_mean(latencies: list[int]) -> None:
    n, total = len(latencies), sum(latencies)
    result = variation_bps(n, total, sum(ms * ms for ms in latencies))
    if total == 0:
        assert result == 0
        return
    mean = Fraction(total, n)
    variance = sum((ms - mean) ** 2 for ms in latencies) / n
    assert result == isqrt(int(10**8 * variance / mean**2))


@pytest.mark.parametrize(
    ("uptime", "rejection", "variation", "degraded"),
    [
        (8_000, 2_000, 10_000, False),
        (7_999, 0, 0, True),
        (10_000, 2_001, 0, True),
        (10_000, 0, 10_001, True),
    ],
)
def test_degraded_is_beyond_a_limit_and_not_at_it(
    uptime: int, rejection: int, variation: int, degraded: bool
) -> None:
    assert is_degraded(DEFAULTS, uptime, rejection, variation) is degraded


def test_a_degraded_node_has_no_bonus_and_a_high_performer_earned_it_before() -> None:
    assert (cap_degraded(12_398, True), cap_degraded(9_000, True), cap_degraded(12_398, False)) == (
        10_000,
        9_000,
        12_398,
    )
    assert is_high_performer(DEFAULTS, 12_000)
    assert not is_high_performer(DEFAULTS, 11_999)
    assert not is_high_performer(DEFAULTS, None)
