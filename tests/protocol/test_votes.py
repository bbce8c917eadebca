"""Outcomes of votes (R44–R47)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.parameters import DEFAULTS
from protocol.votes import (
    deposit_returns,
    dispute_outcome,
    is_quorum,
    needed_for_quorum,
    proposal_closes,
    proposal_executes,
    proposal_outcome,
)

BASE = 10_000


@pytest.mark.parametrize(
    ("uphold", "overturn", "abstain", "outcome", "quorum", "returns"),
    [
        (0, 0, 0, "upheld", False, True),
        (0, 999, 0, "upheld", False, True),
        (0, 1_000, 0, "overturned", True, True),
        (0, 1, 999, "overturned", True, True),
        (500, 500, 0, "upheld", True, False),
        (500, 501, 0, "overturned", True, True),
        (501, 500, 0, "upheld", True, False),
        (0, 0, 1_000, "upheld", True, False),
    ],
)
def test_a_dispute_is_decided_by_quorum_and_majority(
    uphold: int, overturn: int, abstain: int, outcome: str, quorum: bool, returns: bool
) -> None:
    tally = {"uphold": uphold, "overturn": overturn, "abstain": abstain}
    decision = dispute_outcome(tally, 1_000, BASE)
    assert decision == (outcome, quorum)
    assert deposit_returns(*decision) is returns


@pytest.mark.parametrize(
    ("in_favour", "against", "abstain", "outcome"),
    [
        (0, 0, 0, "rejected"),
        (999, 0, 0, "rejected"),
        (1_000, 0, 0, "passed"),
        (1, 0, 999, "passed"),
        (500, 500, 0, "rejected"),
        (501, 500, 0, "passed"),
    ],
)
def test_a_proposal_passes_by_quorum_and_majority(
    in_favour: int, against: int, abstain: int, outcome: str
) -> None:
    tally = {"for": in_favour, "against": against, "abstain": abstain}
    assert proposal_outcome(tally, 1_000, BASE) == outcome


def test_a_quorum_rounds_up() -> None:
    assert needed_for_quorum(1_000, 10_001) == 1_001
    assert not is_quorum({"for": 1_000}, 1_000, 10_001)
    assert is_quorum({}, 1_000, 0)


def test_nothing_passes_without_a_vote_even_on_an_empty_base() -> None:
    assert proposal_outcome({}, 1_000, 0) == "rejected"
    assert dispute_outcome({}, 1_000, 0) == ("upheld", True)


def test_when_proposals_close_and_execute() -> None:
    assert proposal_closes(DEFAULTS, 7) == 10
    assert proposal_executes(10, DEFAULTS.timelock_epochs) == 11
    assert proposal_closes(replace(DEFAULTS, proposal_voting_epochs=1), 7) == 8
    assert proposal_executes(8, 0) == 8


@given(st.integers(0, 10**15), st.integers(100, 5_000), st.integers(0, 10**15))
def test_a_quorum_is_its_share_of_the_base_exactly(turnout: int, bps: int, base: int) -> None:
    assert is_quorum({"abstain": turnout}, bps, base) is (turnout * 10_000 >= bps * base)


@given(*[st.integers(0, 10**12)] * 3, st.integers(0, 10**12), st.integers(0, 10**13))
def test_more_votes_to_overturn_never_help_the_accuser(
    uphold: int, overturn: int, abstain: int, more: int, base: int
) -> None:
    tally = {"uphold": uphold, "overturn": overturn, "abstain": abstain}
    if dispute_outcome(tally, 1_000, base)[0] == "overturned":
        tally["overturn"] += more
        assert dispute_outcome(tally, 1_000, base)[0] == "overturned"
