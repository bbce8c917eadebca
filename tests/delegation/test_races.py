"""Readers beside writers: a read of a wallet's total never mixes figures from before and after an action."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from django.db import connection, transaction

from delegation.selectors.portfolio import portfolio_of
from delegation.selectors.statement import Period, statement
from delegation.selectors.wallets import wallet_figures
from delegation.services import positions
from delegation.services.plans import delegate_parts
from staking.services.epochs import lock_open_epoch
from staking.services.node_lock import lock
from tests.network import Network
from tests.together import alone, wait_until_blocked
from tests.wallets import ANNA, NORTH, OLGA, SOUTH


@pytest.mark.django_db(transaction=True)
def test_a_total_stands_still_while_its_parts_move() -> None:
    net = Network(site=True)
    net.node(NORTH, OLGA, 1_000)
    net.fund(ANNA, 1_000)
    over = Event()

    def move() -> None:
        try:
            for _ in range(60):
                positions.delegate(node=NORTH, amount=5_000_000, wallet=ANNA, now=net.now)
                positions.undelegate(node=NORTH, amount=3_000_000, wallet=ANNA, now=net.now)
        finally:
            over.set()
            connection.close()

    def watch() -> set[int]:
        seen = set()
        try:
            while not over.is_set():
                seen.add(wallet_figures(ANNA, now=net.now).total)
                portfolio = portfolio_of(ANNA, now=net.now)
                assert portfolio is not None
                seen.add(portfolio.wallet.total)
                whole = statement(ANNA, Period())
                assert whole.earned_total == whole.claimed + whole.claimable
            return seen
        finally:
            connection.close()

    with ThreadPoolExecutor(3) as pool:
        writer = pool.submit(move)
        watchers = [pool.submit(watch) for _ in range(2)]
        writer.result()
        assert [one.result() for one in watchers] == [{1_000_000_000}] * 2


@pytest.mark.django_db(transaction=True)
def test_a_plan_waits_for_its_nodes_before_it_moves_tokens_of_its_wallet() -> None:
    """Another action of the wallet that holds the plan's second node gets the wallet's account, and both succeed."""
    net = Network(site=True)
    for node in (NORTH, SOUTH):
        net.node(node, OLGA, 1_000)
    net.fund(ANNA, 100)
    parts = {NORTH: 30_000_000, SOUTH: 30_000_000}
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            lock_open_epoch()
            lock(SOUTH)
            plan = pool.submit(alone(lambda: delegate_parts(parts=parts, wallet=ANNA, now=net.now)))
            wait_until_blocked(plan)
            positions.delegate(node=SOUTH, amount=20_000_000, wallet=ANNA, now=net.now)
        assert [outcome.refusal for outcome in plan.result()] == [None, None]
    assert (net.value(NORTH, ANNA), net.value(SOUTH, ANNA)) == (30_000_000, 50_000_000)
