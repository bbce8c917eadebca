"""Estimates: what an amount changes at a node that goes on as before."""

from __future__ import annotations

from dataclasses import replace

from protocol.amounts import MICRO
from protocol.parameters import DEFAULTS
from protocol.projection import Past, project

# A node of tier 0 with 100 IFM of its own, paid 10 of 100 IFM an epoch; Q 1.1013× of which stake gives 13 bps.
PAST = Past(
    reward=10 * MICRO, distributed=100 * MICRO, slash_income=0, bonus_bps=0, q_bps=11_013, q_stake=13, q_raw=11_013,
    q_sla=10_000, degraded=False, self_stake=100 * MICRO, pool=0, share_bps=8_000,
)  # fmt: skip


def test_without_delegations_the_estimate_is_for_a_first_delegation():
    none = project(DEFAULTS, PAST, held=0, amount=0)
    assert (none.per_epoch, none.apr_bps) == (0, None)
    first = project(DEFAULTS, PAST, held=0, amount=100 * MICRO)
    # Q grows by 13 bps; 200 IFM share a reward of 10.010622 IFM, half of it delegated, 80 % of that paid out.
    assert first.per_epoch == 4_004_248
    assert first.apr_bps == 4_004_248 * 10_000 * 365 // (100 * MICRO)
    assert first.pool_share_bps == 10_000


def test_a_larger_amount_dilutes_and_a_higher_tier_raises():
    small = project(DEFAULTS, PAST, held=0, amount=100 * MICRO)
    large = project(DEFAULTS, PAST, held=0, amount=400 * MICRO)
    assert (small.tier, large.tier) == (0, 1)
    assert large.per_epoch > small.per_epoch
    assert large.apr_bps < small.apr_bps


def test_income_from_slashes_of_others_is_part_of_the_apr():
    plain = project(DEFAULTS, PAST, held=0, amount=100 * MICRO)
    with_income = project(DEFAULTS, replace(PAST, slash_income=MICRO), held=0, amount=100 * MICRO)
    assert with_income.per_epoch - plain.per_epoch == MICRO


def test_a_degraded_node_keeps_its_capped_q():
    degraded = project(DEFAULTS, replace(PAST, degraded=True, q_bps=10_000), held=0, amount=100 * MICRO)
    assert degraded.per_epoch == 4 * MICRO


def test_taking_an_amount_out_is_the_opposite_of_adding_it():
    there = replace(PAST, pool=500 * MICRO)
    out = project(DEFAULTS, there, held=500 * MICRO, amount=-400 * MICRO)
    assert out == project(DEFAULTS, replace(PAST, pool=100 * MICRO), held=100 * MICRO, amount=0)
