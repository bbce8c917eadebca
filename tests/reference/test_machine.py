"""Any order of actions by many wallets over many epochs, on the engine and on the plain model."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

from tests.examples import examples
from tests.network import node_address, operator, wallet
from tests.reference.pair import Pair
from tests.reference.participants import DAY, NODES, WALLETS, pair

pytestmark = pytest.mark.django_db

SEEDS = examples(2, 6, 60)
EPOCHS = 12
ACTS = 14


class Crowd:
    """Draws actions; every choice comes from one generator, so that a seed tells the whole story."""

    def __init__(self, pair: Pair, dice: random.Random) -> None:
        self.pair, self.dice = pair, dice
        common: list[Callable[[], Any]] = [self.delegate] * 5 + [self.undelegate] * 3 + [self.redelegate] * 3
        self.actions = [
            *common, self.stake, self.stake, self.unstake, self.claim, self.claim, self.compound, self.cancel,
            self.withdraw, self.dispute, self.vote, self.vote, self.change, self.pause,
        ]  # fmt: skip

    def epoch(self) -> None:
        for number in NODES:
            self.labour(number)
        if self.dice.random() < 0.15:
            self.pair.wait(self.dice.randint(DAY, 3 * DAY))
        self.live(ACTS)
        self.pair.settle()
        while self.pair.model.newest > self.pair.model.epoch and self.dice.random() < 0.8:
            self.live(2)
            self.pair.settle()
        if self.pair.model.epoch % 4 == 0:
            self.pair.comparison.shown()
        if self.dice.random() < 0.7:
            self.pair.act("release")

    def live(self, actions: int) -> None:
        for _ in range(actions):
            self.dice.choice(self.actions)()

    def labour(self, number: int) -> None:
        self.pair.work(
            number,
            self.dice.randint(0, 12),
            latency=self.dice.choice([50, 100, 150, 900]),
            credits=self.dice.randint(0, 5_000),
            region=self.dice.choice(["eu-west", "us-east"]),
        )
        if self.dice.random() < 0.5:
            self.pair.beat(number, set(self.dice.sample(range(24), self.dice.randint(4, 24))))
        if self.dice.random() < 0.25:
            self.misbehave(number)

    def misbehave(self, number: int) -> None:
        fault = self.dice.choice(
            ["invalid", "forged", "dropped", "mismatch", "late", "late", "fake", "rejected"]
        )
        if fault in ("invalid", "forged"):
            self.pair.work(number, 1, proof=fault)
        elif fault == "dropped":
            self.pair.work(number, self.dice.randint(1, 2), outcome="dropped")
        elif fault == "mismatch":
            self.pair.work(number, self.dice.randint(2, 3), outcome="schema_mismatch")
        elif fault == "late":
            self.pair.work(number, self.dice.randint(1, 6), latency=2_001)
        elif fault == "fake":
            self.pair.fake(number)
        else:
            self.pair.work(number, self.dice.randint(1, 4), outcome="rejected")

    def delegate(self) -> None:
        self.pair.act("delegate", self.node(), self.person(), self.amount())

    def undelegate(self) -> None:
        self.pair.act("undelegate", *self.holding(), self.amount_or_all())

    def redelegate(self) -> None:
        node, by = self.holding()
        self.pair.act("redelegate", node, self.node(), by, self.amount_or_all())

    def stake(self) -> None:
        self.pair.act("stake", self.node(), self.amount())

    def unstake(self) -> None:
        self.pair.act("unstake", self.node(), self.amount_or_all())

    def claim(self) -> None:
        self.pair.act("claim", *self.holding())

    def compound(self) -> None:
        self.pair.act("compound", *self.holding())

    def cancel(self) -> None:
        self._on_entry("cancel")

    def withdraw(self) -> None:
        self._on_entry("withdraw")

    def dispute(self) -> None:
        pending = [slash for slash in self.pair.model.slashes if slash.pending]
        if pending:
            self.pair.act("dispute", self.dice.choice(pending))

    def vote(self) -> None:
        running = [dispute for dispute in self.pair.model.disputes if dispute.status == "voting"]
        if running:
            choice = self.dice.choice(["uphold", "overturn", "overturn", "overturn", "abstain"])
            self.pair.act("vote", self.dice.choice(running), self.person(), choice)

    def change(self) -> None:
        roll, number = self.dice.random(), self.dice.choice(NODES)
        if roll < 0.6:
            self.pair.act("change_share", node_address(number), self.dice.randint(4_900, 10_050))
        elif roll < 0.99:
            self.pair.change_cap(number, self.dice.choice([None, None, 500, 5_000]))
        else:
            self.pair.retire(number)

    def pause(self) -> None:
        self.pair.wait(self.dice.randint(1, DAY // 8))

    def node(self) -> str:
        return node_address(self.dice.choice(NODES))

    def holding(self) -> tuple[str, str]:
        """Mostly somebody who holds something, or an operator; sometimes anybody."""
        held = [(a, w) for a, n in self.pair.model.nodes.items() for w, p in n.positions.items() if p.shares]
        if held and self.dice.random() < 0.8:
            return self.dice.choice(held)
        return self.node(), self.person()

    def person(self) -> str:
        if self.dice.random() < 0.9:
            return wallet(self.dice.choice(WALLETS))
        return operator(self.dice.choice([1, 2, 3]))

    def amount(self) -> int:
        return self.dice.choice([0, 1, 3, 7, self.dice.randint(3, 100), self.dice.randint(100, 4_000)])

    def amount_or_all(self) -> int | None:
        return None if self.dice.random() < 0.3 else self.amount()

    def _on_entry(self, act: str) -> None:
        entries = self.pair.model.entries
        if entries:
            number = self.dice.randrange(max(0, len(entries) - 8), len(entries))
            by = entries[number].wallet if self.dice.random() < 0.9 else self.person()
            self.pair.act(act, number, by)


@pytest.mark.random
@pytest.mark.parametrize("seed", range(SEEDS))
def test_random_epochs_agree_with_the_plain_model(seed: int) -> None:
    crowd = Crowd(pair(), random.Random(seed))
    for _ in range(EPOCHS):
        crowd.epoch()
