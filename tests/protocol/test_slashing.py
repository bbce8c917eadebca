"""Amounts of a slash: from which parts, and their distribution (R32–R37)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.amounts import MICRO
from protocol.parameters import DEFAULTS
from protocol.slashing import (
    disputable_until,
    due,
    execution_key,
    give_back,
    is_honest,
    share_honest,
    split_slash,
    take_from_parts,
    vote_until,
)

amounts = st.integers(0, 10**15)
parts_of = st.lists(st.integers(0, 10**13), min_size=1, max_size=8)


def test_the_worked_example_with_a_bucket() -> None:
    """Section 15, 2: operator 1,000, pool 3,500 and bucket 500 of 4,000, both sides at 25 %."""
    own, delegated = due(2_500, 1_000 * MICRO, 0), due(2_500, 4_000 * MICRO, 0)
    assert (own, delegated) == (250 * MICRO, 1_000 * MICRO)
    lost = take_from_parts(delegated, [3_500 * MICRO, 500 * MICRO])
    assert lost == [875 * MICRO, 125 * MICRO]
    split = split_slash(own + delegated, delegated, DEFAULTS, custodial=False)
    assert split == (625 * MICRO, 312_500_000, 312_500_000)
    assert give_back(split.returned, lost) == [273_437_500, 39_062_500]


def test_the_worked_example_of_two_offences() -> None:
    """Section 15, 3: 25 % first, then 15 % − 25 % takes nothing; alone the second takes its 15 %."""
    base = 4_000 * MICRO
    assert due(1_500, base, due(2_500, base, 0)) == 0
    assert due(1_500, base, 0) == 600 * MICRO
    assert due(5_000, base, due(2_500, base, 0)) == 1_000 * MICRO


def test_the_worked_example_of_a_first_drop() -> None:
    """Section 15, 4: 10 % of 2,000 from the operator alone: honest 50, returned nothing, burned 150."""
    taken = due(1_000, 2_000 * MICRO, 0)
    assert split_slash(taken, due(0, 8_000 * MICRO, 0), DEFAULTS, custodial=False) == (
        150 * MICRO,
        50 * MICRO,
        0,
    )


def test_what_is_due_is_at_most_what_is_there() -> None:
    assert due(5_000, 100, 0, there=30) == 30
    assert due(5_000, 100, 0, there=80) == 50
    assert due(5_000, 101, 0) == 50
    assert due(10_000, 100, 200, there=80) == 0


def test_the_remainder_comes_from_the_largest_then_the_next() -> None:
    assert take_from_parts(2, [1, 1, 1]) == [1, 1, 0]
    assert take_from_parts(1, [1, 5, 5]) == [0, 1, 0]
    assert take_from_parts(5, [3, 3, 3]) == [3, 1, 1]
    assert take_from_parts(10, [3, 3]) == [3, 3]
    assert take_from_parts(0, [3, 3]) == [0, 0]
    assert take_from_parts(5, [0, 0]) == [0, 0]
    assert take_from_parts(5, []) == []


def test_a_custodial_node_gets_nothing_back() -> None:
    assert split_slash(1_000, 800, DEFAULTS, custodial=True) == (750, 250, 0)
    assert split_slash(1_000, 800, DEFAULTS, custodial=False) == (500, 250, 250)
    assert split_slash(1_000, 100, DEFAULTS, custodial=False) == (650, 250, 100)
    assert split_slash(3, 3, DEFAULTS, custodial=False) == (3, 0, 0)


@given(amounts, parts_of)
def test_a_part_never_gives_more_than_it_has(amount: int, parts: list[int]) -> None:
    taken = take_from_parts(amount, parts)
    assert sum(taken) == min(amount, sum(parts))
    assert all(0 <= took <= part for took, part in zip(taken, parts, strict=True))
    for took, part in zip(taken, parts, strict=True):
        share = min(amount, sum(parts)) * part // max(sum(parts), 1)
        assert share <= took < share + len(parts)


@given(parts_of, st.integers(0, 10_000), st.integers(0, 10_000), amounts, st.booleans())
def test_a_slash_never_makes_anybody_richer(
    parts: list[int], rate: int, returned_bps: int, own: int, custodial: bool
) -> None:
    params = replace(
        DEFAULTS,
        slash_delegators_bps=returned_bps,
        slash_honest_bps=(10_000 - returned_bps) // 2,
        slash_burn_bps=10_000 - returned_bps - (10_000 - returned_bps) // 2,
    )
    lost = take_from_parts(due(rate, sum(parts), 0), parts)
    split = split_slash(own + sum(lost), sum(lost), params, custodial)
    assert sum(split) == own + sum(lost)
    assert min(split) >= 0
    back = give_back(split.returned, lost)
    assert sum(back) == split.returned
    assert all(0 <= got <= gave for got, gave in zip(back, lost, strict=True))
    assert not (custodial and split.returned)


@given(st.permutations([1_000, 1_500, 2_500, 5_000]), amounts)
def test_several_slashes_take_together_what_the_severest_takes(rates: list[int], base: int) -> None:
    taken = 0
    for rate in rates:
        taken += due(rate, base, taken, there=base - taken)
    assert taken == 5_000 * base // 10_000


@given(amounts, st.lists(st.integers(0, 10**25), max_size=8))
def test_the_honest_part_and_the_treasury_make_it_whole(honest: int, weights: list[int]) -> None:
    shares, left = share_honest(honest, weights)
    assert sum(shares) + left == honest
    assert left >= 0
    if not any(weights):
        assert left == honest


def test_windows_count_epochs_from_the_offence() -> None:
    assert disputable_until(DEFAULTS, 10) == 11
    assert vote_until(DEFAULTS, 10) == 12
    longer = replace(DEFAULTS, dispute_filing_epochs=2, dispute_voting_epochs=2)
    assert (disputable_until(longer, 10), vote_until(longer, 10)) == (12, 14)


def test_slashes_due_together_have_one_order() -> None:
    due_now = [(5, "0xb", "dropout"), (5, "0xa", "schema_mismatch"), (4, "0xc", "dropout"),
               (5, "0xa", "sla_drop"), (5, "0xa", "invalid_proof")]  # fmt: skip
    assert sorted(due_now, key=lambda slash: execution_key(*slash)) == [
        (4, "0xc", "dropout"), (5, "0xa", "sla_drop"), (5, "0xa", "invalid_proof"),
        (5, "0xa", "schema_mismatch"), (5, "0xb", "dropout"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "honest"),
    [
        ({}, True),
        ({"active": False}, False),
        ({"weight": 0}, False),
        ({"sla": 8_499}, False),
        ({"sla": 8_500}, True),
        ({"sla": None}, False),
        ({"slashed": True}, False),
    ],
)
def test_an_honest_node_is_active_worked_and_was_not_slashed(change: dict[str, object], honest: bool) -> None:
    figures = {"active": True, "weight": 1, "sla": 10_000, "slashed": False, **change}
    assert is_honest(DEFAULTS, **figures) is honest  # type: ignore[arg-type]
