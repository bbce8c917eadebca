"""Anchors on the pages of epochs, slashes and the network's chain."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from chain.models import Anchor, ChainStatus, MirrorCursor
from protocol.addresses import checksum
from protocol.amounts import MICRO
from staking.services.exits import request_exit
from tests.chain.anchoring.network import root
from tests.chain.deposits import mirrored
from tests.network import Network, wallet
from web.formatting import gwei

ALICE, TOKEN = wallet(1), "0x" + "c2" * 20
SETTLEMENT = "0x" + "c1" * 20
NOW = datetime(2026, 1, 2, tzinfo=UTC)

pytestmark = pytest.mark.django_db


@pytest.fixture
def network(settings: Any) -> Network:
    """One settled epoch and a second that is anchored not at all; the first has 4 of 12 confirmations."""
    settings.INFRAMIND_CHAIN_RPC = ("http://127.0.0.1:9",)
    settings.INFRAMIND_CHAIN_SETTLEMENT = SETTLEMENT
    network = Network()
    network.node(1, own=2_000)
    network.settle(2)
    Anchor.objects.create(
        epoch=1, state="mined", transaction=root(1), block=107, block_hash=root(9), mined_at=NOW
    )
    ChainStatus.objects.create(head=110, last_epoch=1, seen_at=NOW)
    return network


def page(path: str) -> str:
    answer = Client().get(path)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.usefixtures("network")
def test_an_epoch_shows_its_transaction_and_confirmations() -> None:
    shown = page("/epochs/1/")
    assert root(1) in shown
    assert "4 of 12" in shown
    assert "Mined" in shown
    assert "Waiting" in page("/epochs/2/")


@pytest.mark.usefixtures("network")
def test_the_list_of_epochs_shows_how_far_each_is() -> None:
    shown = page("/epochs/")
    assert "on the chain, 4 of 12 confirmations" in shown
    assert shown.count("waits for the chain") == 1, "not the open epoch"


@pytest.mark.usefixtures("network")
def test_the_chain_shows_its_contract_and_what_waits() -> None:
    shown = page("/chain/")
    assert checksum(SETTLEMENT) in shown
    assert "Anchoring is halted" not in shown


@pytest.mark.usefixtures("network")
def test_a_halt_is_shown_with_what_to_do() -> None:
    ChainStatus.objects.update(problem="paused", problem_since=NOW)
    shown = page("/chain/")
    assert "Anchoring is halted" in shown
    assert "The settlement contract is paused." in shown
    assert "The owner of the contract can resume it." in shown
    assert "The settlement contract is paused." in page("/epochs/2/")


def test_without_a_chain_pages_show_none() -> None:
    Network().settle()
    assert "This network has no chain" in page("/chain/")
    assert "Anchored on the chain" not in page("/epochs/1/")
    assert "on the chain" not in page("/epochs/")


def test_the_supply_of_chain_and_ledger_is_reconciled(network: Network, settings: Any) -> None:
    settings.INFRAMIND_CHAIN_TOKEN = TOKEN
    mirrored(wallet=ALICE, amount=100 * MICRO, index=0, now=network.now)
    request_exit(wallet=ALICE, amount=30 * MICRO, now=network.now)
    network.settle()
    MirrorCursor.objects.update(initial_supply=1_000 * MICRO, released=10 * MICRO, block=77)
    supply = Client().get("/api/v1/chain").json()["supply"]
    assert supply["deposited"] == "100.000000"
    assert (supply["released"], supply["not_released"], supply["not_minted"]) == (
        "30.000000",
        "20.000000",
        "0.000000",
    )
    assert (supply["chain_total"], supply["chain_locked"]) == ("1000.000000", "90.000000")
    assert (supply["block"], supply["adds_up"]) == (77, True)
    assert "Chain and ledger agree" in page("/chain/")


def test_fees_are_written_in_gwei_with_as_few_decimals_as_they_need() -> None:
    assert [gwei(wei) for wei in (0, 1, 1_500_000_000, 200 * 10**9)] == ["0", "0.000000001", "1.5", "200"]


def test_a_chain_that_released_what_no_exit_says_is_shown(network: Network, settings: Any) -> None:
    settings.INFRAMIND_CHAIN_TOKEN = TOKEN
    mirrored(wallet=ALICE, amount=100, index=0, now=network.now)
    MirrorCursor.objects.update(released=1)
    assert "Chain and ledger differ" in page("/chain/")
    assert Client().get("/api/v1/chain").json()["supply"]["not_released"] == "-0.000001"
