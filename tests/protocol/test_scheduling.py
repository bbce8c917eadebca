"""Scores, ranks, draws and quorums (R49, R50)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.addresses import keccak256
from protocol.scheduling import (
    Candidate,
    assignment_weight,
    choose_quorum,
    draw,
    pick,
    rank_key,
    score,
)

weights_of = st.lists(st.integers(0, 20_000), min_size=1, max_size=10)


def test_the_score_is_q_less_the_penalty() -> None:
    assert score(12_398, 0) == 12_398
    assert score(12_398, 2_500) == 9_298
    assert score(12_398, 9_000) == 1_239


@pytest.mark.parametrize(
    ("unbonding", "degraded", "same_region", "weight"),
    [
        (False, False, False, 10_003),
        (True, False, False, 5_001),
        (False, True, False, 2_500),
        (False, False, True, 12_503),
        (True, True, False, 1_250),
        (True, False, True, 6_251),
        (False, True, True, 3_125),
        # 10,003 × 5 / 32 = 1,562.97: floored once, at the end.
        (True, True, True, 1_562),
    ],
)
def test_weights_are_multiplied_first_and_floored_once(
    unbonding: bool, degraded: bool, same_region: bool, weight: int
) -> None:
    assert assignment_weight(10_003, unbonding, degraded, same_region) == weight


def test_ranks_go_by_soundness_score_stake_and_address() -> None:
    rows = [(True, 15_000, 9, "0x1"), (False, 9_000, 9, "0x3"), (False, 9_000, 9, "0x2"),
            (False, 9_000, 10, "0x4"), (False, 9_001, 0, "0x5")]  # fmt: skip
    ranked = [row[3] for row in sorted(rows, key=lambda row: rank_key(*row))]
    assert ranked == ["0x5", "0x4", "0x2", "0x3", "0x1"]


def test_anyone_can_draw_again() -> None:
    expected = int.from_bytes(keccak256(b"42:job-7"), "big") % 1_000
    assert draw(42, "job-7", 1_000) == draw("42", "job-7", 1_000) == expected
    for total in (0, -1):
        with pytest.raises(ValueError, match="nothing"):
            draw(1, "x", total)


def test_a_drawn_number_falls_where_the_walk_passes_it() -> None:
    assert [pick([3, 0, 2], drawn) for drawn in range(5)] == [0, 0, 0, 2, 2]
    for drawn in (5, 6):
        with pytest.raises(ValueError, match="not below"):
            pick([3, 0, 2], drawn)


@given(weights_of, st.data())
def test_nobody_without_weight_is_drawn(weights: list[int], data: st.DataObject) -> None:
    if sum(weights):
        drawn = data.draw(st.integers(0, sum(weights) - 1))
        index = pick(weights, drawn)
        assert weights[index] > 0
        assert sum(weights[:index]) <= drawn < sum(weights[: index + 1])


def test_draws_are_spread_by_weight() -> None:
    weights = [6_000, 3_000, 1_000]
    seen = [0, 0, 0]
    for number in range(4_000):
        seen[pick(weights, draw(1, f"job-{number}", 10_000))] += 1
    assert 2_250 < seen[0] < 2_550
    assert 1_080 < seen[1] < 1_320
    assert 320 < seen[2] < 480


def candidate(number: int, operator: int, access: str = "coordinator", **more: object) -> Candidate:
    made = Candidate(f"0x{number}", f"op{operator}", 10_000, access, unbonding=False)  # type: ignore[arg-type]
    return made._replace(**more)


def test_a_quorum_has_distinct_operators_and_one_leader() -> None:
    able = [candidate(number, number // 2, "member") for number in range(10)] + [candidate(10, 7)]
    for job in range(20):
        chosen = choose_quorum(3, f"job-{job}", 4, able)
        assert chosen is not None
        assert chosen.coordinator == chosen.members[0] == "0x10"
        operators = {one.operator for one in able if one.node in chosen.members}
        assert len(operators) == len(set(chosen.members)) == 4
        assert choose_quorum(3, f"job-{job}", 4, able) == chosen


def test_there_is_no_quorum_without_a_leader_or_enough_operators() -> None:
    members = [candidate(number, number, "member") for number in range(5)]
    assert choose_quorum(1, "j", 2, members) is None
    assert choose_quorum(1, "j", 2, [candidate(1, 1, unbonding=True), *members]) is None
    assert choose_quorum(1, "j", 2, [candidate(1, 1), candidate(2, 1)]) is None
    assert choose_quorum(1, "j", 0, [candidate(1, 1)]) is None
    assert choose_quorum(1, "j", 2, []) is None
    assert choose_quorum(1, "j", 2, [candidate(1, 1), candidate(2, 2, "none")]) is None
    assert choose_quorum(1, "j", 2, [candidate(1, 1), candidate(2, 2, weight=0)]) is None
    assert choose_quorum(1, "j", 1, [candidate(1, 1)]) == ("0x1", ("0x1",))


def test_who_unbonds_may_sit_and_not_lead() -> None:
    chosen = choose_quorum(1, "j", 2, [candidate(1, 1, unbonding=True), candidate(2, 2)])
    assert chosen == ("0x2", ("0x2", "0x1"))
