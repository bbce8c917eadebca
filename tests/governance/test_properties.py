"""Properties of vote outcomes: quorum, majority, abstentions, more support."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.votes import (
    deposit_returns,
    dispute_outcome,
    is_quorum,
    needed_for_quorum,
    proposal_outcome,
)

powers = st.integers(0, 2**62)
bps = st.integers(100, 5_000)
tallies = st.fixed_dictionaries({"uphold": powers, "overturn": powers, "abstain": powers})


@given(tally=tallies, quorum=bps, spare=powers)
def test_a_dispute_is_overturned_exactly_by_the_rule(tally: dict[str, int], quorum: int, spare: int) -> None:
    base = sum(tally.values()) + spare
    outcome, met = dispute_outcome(tally, quorum, base)
    assert met == (10_000 * sum(tally.values()) >= quorum * base)
    assert (outcome == "overturned") == (met and tally["overturn"] > tally["uphold"])
    assert deposit_returns(outcome, met) == (outcome == "overturned" or not met)


@given(quorum=bps, base=powers)
def test_one_micro_less_than_the_quorum_does_not_meet_it(quorum: int, base: int) -> None:
    needed = needed_for_quorum(quorum, base)
    assert is_quorum({"for": needed}, quorum, base)
    if needed:
        assert not is_quorum({"for": needed - 1}, quorum, base)


@given(tally=tallies, quorum=bps, spare=powers)
def test_abstentions_count_for_the_quorum_only(tally: dict[str, int], quorum: int, spare: int) -> None:
    votes = {"for": tally["overturn"], "against": tally["uphold"], "abstain": tally["abstain"]}
    base = sum(votes.values()) + spare
    outcome = proposal_outcome(votes, quorum, base)
    assert (outcome == "passed") == (is_quorum(votes, quorum, base) and votes["for"] > votes["against"])


@settings(max_examples=200)
@given(tally=tallies, quorum=bps, spare=powers, more=powers)
def test_more_support_never_reverses_an_outcome(
    tally: dict[str, int], quorum: int, spare: int, more: int
) -> None:
    base = sum(tally.values()) + spare + more
    before, _ = dispute_outcome(tally, quorum, base)
    after, _ = dispute_outcome({**tally, "overturn": tally["overturn"] + more}, quorum, base)
    assert not (before == "overturned" and after == "upheld")
