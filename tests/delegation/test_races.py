"""Readers beside writers: a read of a wallet's total never mixes figures from before and after an action."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from django.db import connection

from delegation.selectors.portfolio import portfolio_of
from delegation.selectors.statement import Period, statement
from delegation.selectors.wallets import wallet_figures
from delegation.services import positions
from tests.network import Network
from tests.wallets import ANNA, NORTH, OLGA


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
