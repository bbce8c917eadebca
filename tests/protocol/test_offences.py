"""Offences of an epoch and their rates (section 8)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.offences import (
    CommittedOffence,
    Counters,
    cooldown_end,
    find_offences,
    hardware_shortfalls,
    order_of,
)
from protocol.parameters import DEFAULTS, OFFENCE_NAMES

CLEAN = Counters(accepted=100, sla=10_000)


def names(**change: object) -> list[str]:
    return [offence.name for offence in find_offences(DEFAULTS, CLEAN._replace(**change))]


def test_the_rates_of_section_8() -> None:
    counters = Counters(100, 8_499, 1, 1, 1, 3, True, 0)
    assert find_offences(DEFAULTS, counters) == [
        CommittedOffence("sla_drop", 1_000, 0, "strike", True),
        CommittedOffence("invalid_proof", 2_500, 2_500, "cooldown", False),
        CommittedOffence("forged_trace", 5_000, 5_000, "ban", False),
        CommittedOffence("dropout", 1_500, 1_500, "none", False),
        CommittedOffence("fake_resources", 2_500, 2_500, "cooldown", False),
        CommittedOffence("schema_mismatch", 1_000, 0, "none", False),
    ]


def test_a_clean_epoch_shows_nothing() -> None:
    assert names() == []
    assert find_offences(DEFAULTS, Counters()) == []


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"sla": 8_499, "accepted": 10}, ["sla_drop"]),
        ({"sla": 8_499, "accepted": 9}, []),
        ({"sla": 8_500, "accepted": 10}, []),
        ({"sla": None, "accepted": 0}, []),
        ({"invalid_proofs": 1}, ["invalid_proof"]),
        ({"forged_traces": 1}, ["forged_trace"]),
        ({"dropped": 1}, ["dropout"]),
        ({"fake_resources": True}, ["fake_resources"]),
        ({"schema_mismatches": 2}, []),
        ({"schema_mismatches": 3}, ["schema_mismatch"]),
    ],
)
def test_each_offence_at_its_edge(change: dict[str, object], expected: list[str]) -> None:
    assert names(**change) == expected


@pytest.mark.parametrize(
    ("strikes", "rates", "effect"),
    [(0, (1_000, 0), "strike"), (1, (1_000, 1_000), "strike"), (2, (1_000, 1_000), "cooldown"),
     (7, (1_000, 1_000), "cooldown")],
)  # fmt: skip
def test_strikes_one_two_and_three(strikes: int, rates: tuple[int, int], effect: str) -> None:
    (offence,) = find_offences(DEFAULTS, Counters(accepted=10, sla=0, strikes=strikes))
    assert ((offence.self_bps, offence.delegated_bps), offence.effect, offence.strike) == (
        rates,
        effect,
        True,
    )


def test_strikes_do_not_aggravate_other_offences() -> None:
    (offence,) = find_offences(DEFAULTS, CLEAN._replace(dropped=1, strikes=5))
    assert offence == CommittedOffence("dropout", 1_500, 1_500, "none", False)


def test_an_order_for_every_offence() -> None:
    assert [order_of(name) for name in OFFENCE_NAMES] == [0, 1, 2, 3, 4, 5]


def test_a_cooldown_covers_the_epochs_after() -> None:
    """Section 15, 6: five epochs imposed in the settlement of 10 cover 11 … 15."""
    assert cooldown_end(10, 5) == 15


@pytest.mark.parametrize(
    ("declared", "measured", "short"),
    [
        ({"gpus": 4, "memory": 80}, {"gpus": 4, "memory": 80}, []),
        ({"gpus": 4, "memory": 80}, {"gpus": 3, "memory": 79}, ["gpus", "memory"]),
        ({"gpus": 4}, {"gpus": 5}, []),
        ({"gpus": 4}, {}, []),
        ({}, {"gpus": 1}, []),
        ({"gpu": "H100"}, {"gpu": "A100"}, []),
        ({"gpus": 4}, {"gpus": "3"}, []),
        ({"gpus": "4"}, {"gpus": 3}, []),
        ({"tee": True}, {"tee": False}, []),
        ({"gpus": 4.5}, {"gpus": 1}, []),
        ({"gpus": 4}, {"gpus": None}, []),
        ({"gpus": 0}, {"gpus": -1}, ["gpus"]),
    ],
)
def test_only_integers_that_fall_short_count(
    declared: dict[str, object], measured: dict[str, object], short: list[str]
) -> None:
    assert hardware_shortfalls(declared, measured) == short


counts = st.integers(0, 5)


@given(
    counts,
    counts,
    counts,
    counts,
    st.booleans(),
    counts,
    st.integers(0, 20),
    st.none() | st.integers(0, 10_000),
)
def test_at_most_one_of_each_and_in_the_order_of_the_table(
    invalid: int,
    forged: int,
    dropped: int,
    mismatched: int,
    fake: bool,
    strikes: int,
    accepted: int,
    sla: int | None,
) -> None:
    offences = find_offences(
        DEFAULTS, Counters(accepted, sla, invalid, forged, dropped, mismatched, fake, strikes)
    )
    order = [order_of(one.name) for one in offences]
    assert order == sorted(set(order))
    assert [one.strike for one in offences] == [one.name == "sla_drop" for one in offences]
