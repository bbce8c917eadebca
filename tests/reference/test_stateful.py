"""The same in the hands of Hypothesis: short stories, and the shortest one when something is off."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from tests.examples import examples
from tests.network import node_address, operator, wallet
from tests.reference.participants import DAY, NODES, WALLETS, pair

nodes = st.sampled_from(NODES)
addresses = nodes.map(node_address)
people = st.sampled_from([wallet(number) for number in WALLETS] + [operator(1)])
amounts = st.sampled_from([0, 1, 3, 100]) | st.integers(3, 4_000)
parts = st.none() | amounts
recent = st.integers(1, 6)


class Engine(RuleBasedStateMachine):
    """Engine and model, in a database transaction that the end rolls back."""

    def __init__(self) -> None:
        super().__init__()
        self.frame = transaction.atomic()
        self.frame.__enter__()
        self.pair = pair()

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.frame.__exit__(None, None, None)

    @rule(node=addresses, by=people, amount=amounts)
    def delegate(self, node: str, by: str, amount: int) -> None:
        self.pair.act("delegate", node, by, amount)

    @rule(node=addresses, by=people, amount=parts)
    def undelegate(self, node: str, by: str, amount: int | None) -> None:
        self.pair.act("undelegate", node, by, amount)

    @rule(source=addresses, to=addresses, by=people, amount=parts)
    def redelegate(self, source: str, to: str, by: str, amount: int | None) -> None:
        self.pair.act("redelegate", source, to, by, amount)

    @rule(node=addresses, amount=amounts)
    def stake(self, node: str, amount: int) -> None:
        self.pair.act("stake", node, amount)

    @rule(node=addresses, amount=parts)
    def unstake(self, node: str, amount: int | None) -> None:
        self.pair.act("unstake", node, amount)

    @rule(node=addresses, by=people, act=st.sampled_from(["claim", "compound"]))
    def take_earnings(self, node: str, by: str, act: str) -> None:
        self.pair.act(act, node, by)

    @precondition(lambda self: self.pair.model.entries)
    @rule(back=recent, act=st.sampled_from(["cancel", "withdraw"]))
    def end_unbonding(self, back: int, act: str) -> None:
        number = max(len(self.pair.model.entries) - back, 0)
        self.pair.act(act, number, self.pair.model.entries[number].wallet)

    @precondition(lambda self: any(slash.pending for slash in self.pair.model.slashes))
    @rule()
    def dispute(self) -> None:
        self.pair.act("dispute", next(slash for slash in self.pair.model.slashes if slash.pending))

    @precondition(lambda self: any(dispute.status == "voting" for dispute in self.pair.model.disputes))
    @rule(by=people, choice=st.sampled_from(["uphold", "overturn", "abstain"]))
    def vote(self, by: str, choice: str) -> None:
        running = [dispute for dispute in self.pair.model.disputes if dispute.status == "voting"]
        self.pair.act("vote", running[-1], by, choice)

    @rule(
        number=nodes,
        jobs=st.integers(1, 12),
        credits=st.integers(0, 5_000),
        region=st.sampled_from(["eu-west", "us-east"]),
    )
    def work(self, number: int, jobs: int, credits: int, region: str) -> None:
        self.pair.work(number, jobs, credits=credits, region=region)

    @rule(
        number=nodes,
        fault=st.sampled_from([{"proof": "invalid"}, {"proof": "forged"}, {"outcome": "dropped"}]),
    )
    def misbehave(self, number: int, fault: dict[str, Any]) -> None:
        self.pair.work(number, 1, **fault)

    @rule(seconds=st.integers(1, DAY // 2))
    def wait(self, seconds: int) -> None:
        self.pair.wait(seconds)

    @rule(days=st.integers(1, 3))
    def fall_behind(self, days: int) -> None:
        self.pair.wait(days * DAY)

    @rule(times=st.integers(1, 3))
    def settle(self, times: int) -> None:
        for _ in range(times):
            self.pair.settle()
        self.pair.act("release")

    @rule()
    def look(self) -> None:
        self.pair.comparison.shown()


@pytest.mark.random
@pytest.mark.django_db
def test_no_order_of_acts_parts_the_engine_from_the_model() -> None:
    run_state_machine_as_test(
        Engine, settings=settings(max_examples=examples(2, 6, 200), stateful_step_count=30)
    )
