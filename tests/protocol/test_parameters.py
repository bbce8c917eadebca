from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from protocol.amounts import MAX_AMOUNT, MICRO, format_amount
from protocol.errors import Invalid, ParameterOutOfBounds
from protocol.parameters import (
    AMOUNTS,
    BOUNDS,
    DEFAULTS,
    JOB_CLASSES,
    PARAMETER_NAMES,
    apply_changes,
    bounds_to_json,
    classes_of_tier,
    from_json,
    minimum_tier_of_class,
    to_json,
)


def shown(name: str, value: int) -> int | str:
    return format_amount(value) if name in AMOUNTS else value


def test_the_defaults_stand_inside_their_bounds() -> None:
    assert apply_changes(DEFAULTS, to_json(DEFAULTS)) == DEFAULTS
    assert set(BOUNDS) | {"tiers", "offences"} == set(PARAMETER_NAMES)


TABLE = """
epoch_seconds 86400 60 604800
ranking_seconds 21600 60 86400
unbonding_seconds 604800 180 2419200
emission_per_epoch 10000.000000 0.000000 10000000.000000
min_amount 1.000000 0.000001 1000.000000
delegator_share_bps 8000 5000 10000
delegator_share_max_cut_bps 500 0 5000
sla_threshold_bps 8500 5000 9900
sla_full_bps 9500 5000 10000
sla_min_jobs 10 1 1000
sla_strike_window_epochs 30 1 365
latency_window_jobs 100 1 10000
heartbeat_slot_seconds 300 10 3600
heard_quorum_bps 2000 0 10000
uptime_floor_bps 8000 0 9900
rejection_limit_bps 2000 0 10000
latency_cv_limit_bps 10000 1000 50000
schema_mismatch_limit 3 1 1000
cooldown_epochs 3 1 90
q_latency_bps 1000 0 5000
q_uptime_bps 1200 0 5000
q_stake_bps 1300 0 5000
q_scarcity_bps 1500 0 5000
q_stake_saturation 10000.000000 1.000000 None
high_performer_bps 12000 10000 20000
failure_penalty_bps 500 0 5000
penalty_decay_bps 5000 0 9900
dispute_filing_epochs 1 1 2
dispute_voting_epochs 1 1 2
dispute_deposit 50.000000 0.000000 10000.000000
quorum_bps 1000 100 5000
proposal_threshold 1000.000000 0.000000 None
proposal_voting_epochs 3 1 30
timelock_epochs 1 0 30
slash_burn_bps 5000 0 10000
slash_honest_bps 2500 0 10000
slash_delegators_bps 2500 0 10000
"""


def test_defaults_and_bounds_are_those_of_section_3() -> None:
    values, bounds = to_json(DEFAULTS), bounds_to_json()
    rows = [f"{name} {values[name]} {bounds[name]['min']} {bounds[name]['max']}" for name in BOUNDS]
    assert sorted(rows) == sorted(TABLE.split("\n")[1:-1])


def test_the_tables_are_those_of_sections_4_and_8() -> None:
    assert [
        (t.minimum // MICRO, t.bonus_bps, t.severity_bps, t.quorum, " ".join(t.job_classes))
        for t in DEFAULTS.tiers
    ] == [
        (0, 0, 10_000, "none", "cpu public_model"),
        (500, 1_000, 12_500, "none", "gpu session_model"),
        (2_000, 2_500, 15_000, "member", "zkml privacy dag"),
        (10_000, 4_000, 20_000, "coordinator", "coordinated tee"),
    ]
    assert [(o.name, *o.rates(False), *o.rates(True), o.effect) for o in DEFAULTS.offences] == [
        ("sla_drop", 1_000, 0, 1_000, 1_000, "strike"),
        ("invalid_proof", 2_500, 2_500, 2_500, 2_500, "cooldown"),
        ("forged_trace", 5_000, 5_000, 5_000, 5_000, "ban"),
        ("dropout", 1_500, 1_500, 1_500, 1_500, "none"),
        ("fake_resources", 2_500, 2_500, 2_500, 2_500, "cooldown"),
        ("schema_mismatch", 1_000, 0, 1_000, 0, "none"),
    ]


def test_a_set_reads_back_through_json_text() -> None:
    text = json.dumps(to_json(DEFAULTS))
    assert from_json(json.loads(text)) == DEFAULTS
    assert to_json(DEFAULTS)["emission_per_epoch"] == "10000.000000"
    assert to_json(DEFAULTS)["tiers"][2] == {
        "number": 2, "minimum": "2000.000000", "job_classes": ["zkml", "privacy", "dag"], "bonus_bps": 2_500,
        "severity_bps": 15_000, "quorum": "member",
    }  # fmt: skip
    assert to_json(DEFAULTS)["offences"][0] == {
        "name": "sla_drop", "self_bps": 1_000, "delegated_bps": 0, "effect": "strike",
        "repeated_self_bps": 1_000, "repeated_delegated_bps": 1_000,
    }  # fmt: skip


@pytest.mark.parametrize("name", sorted(set(BOUNDS)))
def test_each_bound_holds_at_its_edge(name: str) -> None:
    low, high = BOUNDS[name]
    for value in (low - 1, (MAX_AMOUNT if high is None else high) + 1):
        with pytest.raises(ParameterOutOfBounds) as refused:
            apply_changes(DEFAULTS, {name: format_amount(value) if name in AMOUNTS else value})
        assert name in refused.value.detail
        assert refused.value.field == name


def test_a_refusal_names_the_bounds_as_they_are_written() -> None:
    for changes, bounds in (
        ({"min_amount": "1001"}, "between 0.000001 and 1000.000000"),
        ({"epoch_seconds": 59}, "between 60 and 604800"),
        ({"proposal_threshold": "9223372036854.775808"}, "at most 9223372036854.775807"),
    ):
        with pytest.raises(ParameterOutOfBounds, match=bounds):
            apply_changes(DEFAULTS, changes)


JOINT = {
    "epoch_seconds", "unbonding_seconds", "heartbeat_slot_seconds", "sla_full_bps", "sla_threshold_bps",
    "slash_burn_bps", "slash_honest_bps", "slash_delegators_bps",
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(set(BOUNDS) - JOINT))
def test_each_bound_itself_is_allowed(name: str) -> None:
    low, high = BOUNDS[name]
    for value in (low, MAX_AMOUNT if high is None else high):
        assert getattr(apply_changes(DEFAULTS, {name: shown(name, value)}), name) == value


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"unbonding_seconds": 3 * 86_400 - 1}, "at least"),
        ({"epoch_seconds": 604_800}, "at least"),
        ({"dispute_filing_epochs": 2, "unbonding_seconds": 4 * 86_400 - 1}, "at least"),
        ({"heartbeat_slot_seconds": 301}, "divides"),
        ({"sla_full_bps": 8_499}, "at least sla_threshold_bps"),
        ({"sla_threshold_bps": 9_501}, "at least sla_threshold_bps"),
        ({"slash_burn_bps": 5_001}, "sum to 10000"),
        ({"tiers": [{"number": 1, "minimum": "2000"}]}, "rise strictly"),
        ({"tiers": [{"number": 0, "minimum": "1"}]}, "rise strictly"),
    ],
)
def test_parameters_that_do_not_fit_together_are_refused(changes: dict[str, Any], rule: str) -> None:
    with pytest.raises(ParameterOutOfBounds) as refused:
        apply_changes(DEFAULTS, changes)
    assert rule in refused.value.detail
    assert refused.value.field in changes


def test_several_changes_are_judged_together() -> None:
    changes = {"slash_burn_bps": 4_000, "slash_honest_bps": 3_500, "epoch_seconds": 604_800,
               "unbonding_seconds": 3 * 604_800}  # fmt: skip
    changed = apply_changes(DEFAULTS, changes)
    assert (changed.slash_burn_bps, changed.slash_honest_bps, changed.epoch_seconds) == (
        4_000,
        3_500,
        604_800,
    )
    assert changed == replace(DEFAULTS, **changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"nonsense": 1},
        {"": 1},
        {"epoch_seconds": "60"},
        {"epoch_seconds": 60.0},
        {"sla_min_jobs": True},
        {"sla_min_jobs": None},
        {"min_amount": 1},
        {"min_amount": "1e2"},
        {"min_amount": "-1"},
        {"tiers": {}},
        {"tiers": [{"minimum": "1"}]},
        {"tiers": [{"number": 4, "minimum": "20000"}]},
        {"tiers": [{"number": True, "bonus_bps": 1}]},
        {"tiers": [{"number": [], "bonus_bps": 1}]},
        {"tiers": [{"number": 1, "bonus_bps": 10_001}]},
        {"tiers": [{"number": 1, "bonus_bps": -1}]},
        {"tiers": [{"number": 1, "severity_bps": 9_999}]},
        {"tiers": [{"number": 1, "severity_bps": 20_001}]},
        {"tiers": [{"number": 1, "job_classes": ["tee"]}]},
        {"tiers": [{"number": 1, "self_bps": 1}]},
        {"tiers": ["x"]},
        {"offences": [{"name": "dropout", "self_bps": 10_001}]},
        {"offences": [{"name": "dropout", "repeated_self_bps": 5}]},
        {"offences": [{"name": "dropout", "effect": "ban"}]},
        {"offences": [{"name": "rudeness", "self_bps": 1}]},
    ],
)
def test_what_is_not_a_change_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ParameterOutOfBounds):
        apply_changes(DEFAULTS, changes)


def test_tables_change_by_row() -> None:
    changed = apply_changes(
        DEFAULTS,
        {
            "tiers": [{"number": 1, "minimum": "600", "bonus_bps": 1_200}],
            "offences": [
                {"name": "dropout", "self_bps": 10_000},
                {"name": "sla_drop", "repeated_self_bps": 0},
            ],
        },
    )
    assert changed.tiers[1] == replace(DEFAULTS.tiers[1], minimum=600 * MICRO, bonus_bps=1_200)
    assert (changed.tiers[0], changed.tiers[2:]) == (DEFAULTS.tiers[0], DEFAULTS.tiers[2:])
    rates = {row.name: row.rates(repeated=True) for row in changed.offences}
    assert (rates["dropout"], rates["sla_drop"]) == ((10_000, 1_500), (0, 1_000))
    assert [row.name for row in changed.offences] == [row.name for row in DEFAULTS.offences]


def test_a_stored_set_outside_todays_bounds_stays_readable() -> None:
    assert from_json({**to_json(DEFAULTS), "sla_min_jobs": 5_000}).sla_min_jobs == 5_000


def test_bounds_are_shown_in_the_format_of_the_api() -> None:
    bounds = bounds_to_json()
    assert bounds["min_amount"] == {"min": "0.000001", "max": "1000.000000"}
    assert bounds["proposal_threshold"] == {"min": "0.000000", "max": None}
    assert bounds["sla_full_bps"]["rule"] == "sla_full_bps is at least sla_threshold_bps"
    json.dumps(bounds)


def test_job_classes_are_cumulative() -> None:
    assert classes_of_tier(DEFAULTS, 0) == ("cpu", "public_model")
    assert classes_of_tier(DEFAULTS, 1) == ("cpu", "public_model", "gpu", "session_model")
    assert classes_of_tier(DEFAULTS, 3) == JOB_CLASSES
    assert [minimum_tier_of_class(DEFAULTS, name) for name in JOB_CLASSES] == [0, 0, 1, 1, 2, 2, 2, 3, 3]
    with pytest.raises(Invalid):
        minimum_tier_of_class(DEFAULTS, "alchemy")


def test_rates_of_first_and_repeated_offences() -> None:
    drop, dropout = (row for row in DEFAULTS.offences if row.name in ("sla_drop", "dropout"))
    assert [drop.rates(repeated) for repeated in (False, True)] == [(1_000, 0), (1_000, 1_000)]
    assert [dropout.rates(repeated) for repeated in (False, True)] == [(1_500, 1_500)] * 2
