"""A statement names the transactions on the chain behind deposits and exits."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from django.test import Client

from chain.models import Anchor
from staking.services.exits import request_exit
from tests.chain.deposits import mirrored
from tests.network import Network, wallet

ALICE, LOCK, ANCHORED = wallet(1), f"0x{0:064x}", "0x" + "ac" * 32

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def network(settings: Any) -> Network:
    """Alice has tokens of the faucet and of a lock, and took some out in an anchored and in the open epoch."""
    settings.INFRAMIND_CHAIN_RPC = ("http://127.0.0.1:9",)
    settings.INFRAMIND_CHAIN_SETTLEMENT, settings.INFRAMIND_CHAIN_TOKEN = "0x" + "c1" * 20, "0x" + "c2" * 20
    network = Network()
    network.fund(ALICE, 5)
    mirrored(wallet=ALICE, amount=100, index=0, now=network.now)
    request_exit(wallet=ALICE, amount=30, now=network.now)
    network.settle()
    request_exit(wallet=ALICE, amount=40, now=network.now)
    Anchor.objects.create(
        epoch=1, state="final", transaction=ANCHORED, block=9, block_hash=LOCK, mined_at=network.now,
        final_at=network.now,
    )  # fmt: skip
    return network


def test_in_the_api_and_in_the_file() -> None:
    rows = Client().get(f"/api/v1/wallets/{ALICE}/statement").json()["results"]
    hashes = [("faucet", None), ("token_deposit", LOCK), ("exit", ANCHORED), ("exit", None)]
    assert [(row["kind"], row["chain_transaction"]) for row in rows] == hashes
    file = Client().get(f"/api/v1/wallets/{ALICE}/statement?format=csv").content.decode()
    lines = list(csv.DictReader(io.StringIO(file)))
    assert [(line["kind"], line["chain_transaction"] or None) for line in lines] == hashes


def test_the_page_of_a_statement_names_lock_and_anchor() -> None:
    page = Client().get(f"/wallets/{ALICE}/statement/").content.decode()
    assert LOCK in page
    assert ANCHORED in page
    assert "Rewards and slashes up to epoch 1 are final on the chain." in page
