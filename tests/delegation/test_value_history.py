"""The value of a wallet per epoch and its causes, derived from the records (R9, R35, R42)."""

from __future__ import annotations

from itertools import pairwise

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from delegation.pages.value_history import value_card
from delegation.selectors.portfolio import portfolio_of
from delegation.selectors.wallets import wallet_figures
from delegation.services import positions
from identity.models import User
from protocol.amounts import MICRO
from tests.wallets import ANNA, BELA, NORTH, OLGA

IFM = MICRO
WALLETS = (ANNA, BELA, OLGA)


@pytest.fixture
def slashed(net):
    """Example 2 of section 15 over four epochs; after each, the value of every wallet was written down."""
    values = {wallet: [] for wallet in WALLETS}

    def settle() -> None:
        net.settle()
        for wallet in WALLETS:
            figures = wallet_figures(wallet, now=net.now)
            values[wallet].append(figures.total + figures.claimable)

    net.node(NORTH, OLGA, 1_000)
    for wallet, amount in ((ANNA, 3_000), (BELA, 1_000)):
        net.fund(wallet, amount)
        positions.delegate(node=NORTH, amount=amount * IFM, wallet=wallet, now=net.now)
    settle()
    positions.undelegate(node=NORTH, amount=500 * IFM, wallet=BELA, now=net.now)
    net.work(NORTH)
    net.work(NORTH, 1, proof="invalid")
    settle()
    settle()
    net.work(NORTH)
    settle()
    net.fund(ANNA, 7)
    return net, values


def test_each_epoch_has_the_value_that_the_wallet_had_at_its_close(slashed):
    net, values = slashed
    for wallet in WALLETS:
        history = portfolio_of(wallet, now=net.now).history
        assert [row.epoch for row in history] == [1, 2, 3, 4]
        assert [row.value for row in history] == values[wallet], wallet
        assert all(now.value - before.value == now.change for before, now in pairwise(history))


def test_a_dip_names_its_slash_and_an_undelegation_is_listed(slashed):
    net, _ = slashed
    card = value_card(portfolio_of(BELA, now=net.now).history)
    assert [(item.epoch, item.tone) for item in card.recent] == [(3, "risk"), (2, ""), (1, "")]
    [slash] = card.recent[0].lines
    assert slash.text == "−171.87 IFM: slash of Node 01, Invalid proof."
    assert slash.href.startswith("/slashes/")
    assert card.recent[1].lines[0].text == (
        "Undelegated or unstaked 500.00 IFM from Node 01: it earns nothing while it unbonds."
    )
    assert card.recent[2].lines[0].text == "+1,000.00 IFM: Faucet."
    assert card.chart.views[0].summary.endswith("It fell in 1 epoch.")


def test_the_page_shows_it_with_a_table_and_a_constant_number_of_queries(slashed):
    net, _ = slashed
    client = Client()
    client.force_login(User.objects.get_or_create(address=BELA)[0])
    page = client.get("/portfolio/").content.decode()
    assert "Value per epoch" in page
    assert 'id="value"' in page
    counts = []
    for _ in range(2):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            client.get("/portfolio/")
        counts.append(len(queries))
        net.fund(BELA, 1)
        positions.undelegate(node=NORTH, amount=1 * IFM, wallet=BELA, now=net.now)
    assert counts[0] == counts[1]
