"""No sequence of a wallet's operations within an epoch lowers its loss from an offence of that epoch (R18, R32, R37).

Played on the plain model, which the other tests hold against the engine: the same network twice, once with the wallet
acting and once with it idle. Without rewards only slashes change what a wallet has in total.
"""

from __future__ import annotations

from contextlib import suppress
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from tests.examples import examples
from tests.network import node_address, operator, wallet
from tests.reference.model import Model
from tests.reference.participants import DAY, NODES, WALLETS
from tests.reference.settlement import settle
from tests.reference.state import Refused

nodes = st.sampled_from(NODES[:3]).map(node_address)
wallets = st.sampled_from([wallet(number) for number in WALLETS[:3]])
amounts = st.sampled_from([1, 3, 999, 1_000]) | st.integers(3, 4_000)
parts = st.none() | amounts
back = st.integers(1, 3)
own_acts = st.one_of(
    st.tuples(st.just("stake"), amounts),
    st.tuples(st.just("unstake"), parts),
    st.tuples(st.just("cancel"), back),
)
faults = st.sampled_from([{"proof": "invalid"}, {"proof": "forged"}, {"outcome": "dropped"}])
lateness = st.sampled_from([0, 0, DAY, 2 * DAY])


def acts_on(node: st.SearchStrategy[str]) -> st.SearchStrategy[tuple[Any, ...]]:
    """Operations of a delegator, most of them on one node."""
    return st.one_of(
        st.tuples(st.just("delegate"), node, amounts),
        st.tuples(st.just("undelegate"), node, parts),
        st.tuples(st.just("redelegate"), node, nodes, parts),
        st.tuples(st.just("cancel"), back),
        st.tuples(st.just("withdraw"), back),
    )


class Escapes(RuleBasedStateMachine):
    """A network that goes through operations, slashes and epochs; each example tries many states."""

    def __init__(self) -> None:
        super().__init__()
        self.model = Model(
            min_amount=3,
            emission_per_epoch=0,
            unbonding_seconds=3 * DAY,
            cooldown_epochs=1,
            dispute_deposit=50,
        )
        for number in NODES[:3]:
            self.model.register(node_address(number), operator(min(number, 2)), custodial=number == 2)
        for address in [wallet(number) for number in WALLETS[:3]] + [operator(1), operator(2)]:
            self.model.fund(address, 20_000)
        # Every node begins with active stake, and node 1 with a single delegator.
        for number, by, amount in ((1, 1, 3_000), (2, 1, 2_000), (2, 2, 1_000), (3, 3, 1_001), (3, 1, 7)):
            self.model.delegate(node_address(number), wallet(by), amount)
        for number in NODES[:3]:
            self.model.stake(node_address(number), 1_000)
        settle(self.model)

    @rule(by=wallets, act=acts_on(nodes))
    def act(self, by: str, act: tuple[Any, ...]) -> None:
        attempt(self.model, by, act)

    @rule(node=nodes, act=own_acts)
    def act_as_operator(self, node: str, act: tuple[Any, ...]) -> None:
        attempt_own(self.model, node, act)

    @rule(node=nodes, fault=faults)
    def slash(self, node: str, fault: dict[str, Any]) -> None:
        self.model.jobs.append(job(node, fault))
        settle(self.model)

    @rule(epochs=st.integers(1, 3))
    def settle(self, epochs: int) -> None:
        for _ in range(epochs):
            settle(self.model)

    @rule(data=st.data(), by=wallets, fault=faults, everything=st.booleans(), late=lateness)
    def a_delegator_does_not_escape(
        self, data: st.DataObject, by: str, fault: dict[str, Any], everything: bool, late: int
    ) -> None:
        held = [address for address, node in self.model.nodes.items() if node.positions[by].shares]
        node = data.draw(st.sampled_from(held or sorted(self.model.nodes)))
        tried = data.draw(st.lists(acts_on(st.just(node) | nodes), min_size=1, max_size=6))
        idle, busy = self._twins(everything, late)
        for act in tried:
            attempt(busy, by, act)
        assert wealth(busy, by, node, fault) <= wealth(idle, by, node, fault) + len(tried)

    @rule(node=nodes, tried=st.lists(own_acts, min_size=1, max_size=6), fault=faults,
          everything=st.booleans(), late=lateness)  # fmt: skip
    def an_operator_does_not_escape(
        self, node: str, tried: list[Any], fault: dict[str, Any], everything: bool, late: int
    ) -> None:
        idle, busy = self._twins(everything, late)
        by = self.model.nodes[node].operator
        for act in tried:
            attempt_own(busy, node, act)
        assert wealth(busy, by, node, fault) <= wealth(idle, by, node, fault) + len(tried)

    def _twins(self, everything: bool, late: int) -> tuple[Model, Model]:
        """The network twice at a later time; with `everything`, an invalid proof takes all and pools become void."""
        twins = deepcopy(self.model), deepcopy(self.model)
        for twin in twins:
            twin.now += late
            if everything:
                twin.offences["invalid_proof"] = (10_000, 10_000)
        return twins


def attempt(model: Model, by: str, act: tuple[Any, ...]) -> None:
    """One operation of a delegator; a refusal changes nothing."""
    name, *rest = act
    with suppress(Refused):
        if name in ("cancel", "withdraw"):
            mine = [number for number, entry in enumerate(model.entries) if entry.wallet == by]
            if mine:
                getattr(model, name)(mine[max(len(mine) - rest[0], 0)], by)
        elif name == "redelegate":
            model.redelegate(rest[0], rest[1], by, rest[2])
        else:
            getattr(model, name)(rest[0], by, rest[1])


def attempt_own(model: Model, node: str, act: tuple[Any, ...]) -> None:
    """One operation of a node's operator."""
    if act[0] == "cancel":
        attempt(model, model.nodes[node].operator, act)
        return
    with suppress(Refused):
        getattr(model, act[0])(node, act[1])


def job(node: str, fault: dict[str, Any]) -> dict[str, Any]:
    made = {"credits": 1_000, "latency": 100, "deadline": 2_000, "outcome": "completed", "proof": "valid"}
    return {**made, "region": "eu-west", "node": node, "good": False, **fault}


def wealth(model: Model, by: str, node: str, fault: dict[str, Any]) -> int:
    """All that a wallet has after an offence of the open epoch was settled and its slash executed, µIFM."""
    model.jobs.append(job(node, fault))
    for _ in range(3):
        settle(model)
    return sum(model.wallet(by)[:4])


@pytest.mark.random
def test_no_sequence_of_operations_escapes_a_slash() -> None:
    run_state_machine_as_test(
        Escapes, settings=settings(max_examples=examples(40, 300, 3_000), stateful_step_count=20)
    )
