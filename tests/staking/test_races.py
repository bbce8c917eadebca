"""Money actions of many at once, and epochs that settle under them: no deadlock, no loss, books that add up (R20)."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from delegation.services import earnings, positions, redelegations, unbondings
from ledger import accounts
from ledger.models import Transaction
from ledger.selectors import balance, supply
from protocol.amounts import MICRO
from protocol.errors import ProtocolError
from settlement.epoch import settle_due
from staking.models import Epoch, Pool, Unbonding
from staking.services import faucet, stakes
from staking.services.unbondings import release_due, withdraw
from tests.network import START, Network, node_address, operator, wallet
from tests.together import together

pytestmark = pytest.mark.django_db(transaction=True)

CROWD = 6


def outcome(act: Callable[[], Any]) -> str:
    try:
        act()
    except ProtocolError as refusal:
        return refusal.code
    return "done"


def test_any_acts_of_many_while_epochs_settle() -> None:
    net = Network(epoch_seconds=60, heartbeat_slot_seconds=10, unbonding_seconds=180, emission_per_epoch="10")
    nodes = [net.node(number, own=1_000) for number in (1, 2, 3)]
    for number in range(CROWD):
        net.fund(wallet(number), 500)
        net.delegate(nodes[number % 3], number, 50)
    for node in nodes:
        net.work(node)
    issued, length = supply(), net.epoch.end - net.epoch.start

    def crowd(number: int) -> Counter[str]:
        dice, by = random.Random(number), wallet(number)
        seen: Counter[str] = Counter()
        for step in range(24):
            now = net.now + step * (length // 4)
            seen[outcome(lambda now=now: _act(dice, by, now))] += 1
        return seen

    def settle(_: int) -> Counter[str]:
        done = [work.number for epoch in range(1, 7) for work in settle_due(now=START + epoch * length)]
        return Counter(settled=len(done))

    seen = sum(together(CROWD + 1, lambda n: settle(n) if n == CROWD else crowd(n)), Counter())
    assert (seen["settled"], Epoch.objects.count()) == (6, 7)
    assert seen["done"] > 20
    assert supply() == issued + 6 * 10 * MICRO
    net.check()


def _act(dice: random.Random, by: str, now: Any) -> None:
    first, second = dice.sample([node_address(number) for number in (1, 2, 3)], 2)
    amount = dice.randint(1, 30) * MICRO
    entry = Unbonding.objects.filter(wallet=by).order_by("-id").first()
    actions: list[Callable[[], Any]] = [
        lambda: positions.delegate(node=first, amount=amount, wallet=by, now=now),
        lambda: positions.undelegate(node=first, amount=dice.choice([None, amount]), wallet=by, now=now),
        lambda: redelegations.redelegate(source=first, target=second, amount=None, wallet=by, now=now),
        lambda: earnings.claim_all(wallet=by, now=now),
        lambda: earnings.compound(node=first, wallet=by, now=now),
        lambda: entry and unbondings.cancel(unbonding=entry.pk, wallet=by, now=now),
        lambda: release_due(now=now),
        lambda: stakes.unstake(node=first, amount=amount, actor=operator(int(first[-1])), now=now),
    ]
    dice.choice(actions)()


def test_one_purse_is_spent_once() -> None:
    net = Network()
    nodes = [net.node(number, own=1) for number in range(1, 5)]
    net.fund(wallet(1), 10)
    done = together(
        4,
        lambda n: outcome(
            lambda: positions.delegate(node=nodes[n], amount=4 * MICRO, wallet=wallet(1), now=net.now)
        ),
    )
    assert sorted(done) == ["done", "done", "insufficient_balance", "insufficient_balance"]
    assert net.available(wallet(1)) == 2 * MICRO
    net.check()


def test_one_delegation_leaves_once() -> None:
    net = Network()
    node = net.node(own=1)
    net.delegate(node, 1, 10)
    done = together(
        4,
        lambda n: outcome(
            lambda: positions.undelegate(node=node, amount=None, wallet=wallet(1), now=net.now)
        ),
    )
    assert sorted(done) == ["done"] + ["insufficient_balance"] * 3
    assert balance(accounts.unbonding(node)) == 10 * MICRO
    net.check()


def test_the_last_of_a_cap_is_delegated_once() -> None:
    net = Network()
    node = net.node(own=1, delegation_cap=10 * MICRO)
    for number in range(4):
        faucet.fund(wallet=wallet(number), amount=4 * MICRO, now=net.now)
    done = together(
        4,
        lambda n: outcome(
            lambda: positions.delegate(node=node, amount=4 * MICRO, wallet=wallet(n), now=net.now)
        ),
    )
    assert sorted(done) == ["delegation_cap_exceeded", "delegation_cap_exceeded", "done", "done"]
    assert Pool.objects.get().tokens == 8 * MICRO


def test_an_entry_is_paid_once_whoever_asks() -> None:
    net = Network()
    node = net.node(own=10)
    entry = net.unstake(node, 5).unbonding
    net.now = entry.matures_at
    net.settle()

    def ask(number: int) -> str:
        if number % 2:
            return outcome(lambda: release_due(now=net.now))
        return outcome(lambda: withdraw(unbonding=entry.pk, wallet=operator(1), now=net.now))

    together(4, ask)
    assert net.available(operator(1)) == 5 * MICRO
    assert Transaction.objects.filter(kind="withdraw").count() == 1
    net.check()


def test_earnings_are_claimed_once() -> None:
    net = Network(emission_per_epoch="10")
    node = net.node(own=10)
    net.delegate(node, 1, 10)
    net.settle()
    net.work(node)
    net.settle()
    actions = [earnings.claim, earnings.compound] * 2
    done = together(4, lambda n: outcome(lambda: actions[n](node=node, wallet=wallet(1), now=net.now)))
    assert sorted(done) == ["done"] + ["nothing_to_claim"] * 3
    done = together(4, lambda n: outcome(lambda: actions[n](node=node, wallet=operator(1), now=net.now)))
    assert sorted(done) == ["done"] + ["nothing_to_claim"] * 3
    net.check()
