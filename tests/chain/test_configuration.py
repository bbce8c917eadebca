"""Configuration of a network's chain, and features that depend on it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from chain.configuration import chain_configuration
from chain_sync.anchoring import anchor_due
from chain_sync.mirroring import mirror_due, verify_deposits
from identity.models import User
from protocol.errors import PermissionDenied
from staking.services import faucet
from tests.chain.anchoring.network import settle
from tests.network import START, Network, wallet

ALICE = wallet(1)


@pytest.fixture
def addresses(settings: Any, tmp_path: Path) -> Path:
    """Write the file that the development chain of `make run` writes when it is ready."""
    settings.DATA_DIR, settings.INFRAMIND_CHAIN_EMBEDDED = tmp_path, True
    path = tmp_path / "chain" / "addresses.json"
    path.parent.mkdir()
    content = {
        "rpc": "http://127.0.0.1:9",
        "chain_id": 7,
        "settlement": "0x" + "c1" * 20,
        "token": "0x" + "c2" * 20,
    }
    path.write_text(json.dumps(content))
    return path


def on_a_chain(settings: Any) -> None:
    settings.INFRAMIND_CHAIN_RPC = ("http://127.0.0.1:9",)
    settings.INFRAMIND_CHAIN_SETTLEMENT, settings.INFRAMIND_CHAIN_TOKEN = "0x" + "c1" * 20, "0x" + "c2" * 20


def test_a_devnet_has_its_development_chain_once_that_answers(addresses: Path, settings: Any) -> None:
    configuration = chain_configuration()
    assert configuration is not None
    assert (configuration.embedded, configuration.chain_id, configuration.confirmations) == (True, 7, 4)
    settings.INFRAMIND_CHAIN_EMBEDDED = False
    assert chain_configuration() is None


@pytest.mark.parametrize("content", ["", "{", "{}", '{"rpc": "http://127.0.0.1:9"}'])
def test_a_development_chain_that_is_not_ready_is_none(addresses: Path, content: str) -> None:
    addresses.write_text(content)
    assert chain_configuration() is None


@pytest.mark.usefixtures("addresses")
def test_settings_come_before_the_development_chain(settings: Any) -> None:
    on_a_chain(settings)
    configuration = chain_configuration()
    assert configuration is not None
    assert (configuration.embedded, configuration.chain_id) == (False, 31337)


@pytest.mark.usefixtures("addresses", "db")
def test_production_has_no_chain_unless_its_settings_name_one(
    settings: Any, django_assert_num_queries: Any
) -> None:
    settings.INFRAMIND_NETWORK = "production"
    settle(1, 1)
    with django_assert_num_queries(0):
        assert chain_configuration() is None
        assert not anchor_due(now=START)
        assert not mirror_due(wall=START, now=START)
        assert verify_deposits(wall=START) is None
    assert Client().get("/api/v1/epochs/1").json()["anchor"]["state"] == "off"


@pytest.mark.django_db
def test_the_faucet_is_closed_where_ifm_is_on_a_chain(settings: Any) -> None:
    Network()
    client = Client()
    client.force_login(User.objects.create(address=ALICE))
    on_a_chain(settings)
    assert "Get test tokens" not in client.get("/portfolio/").content.decode()
    assert client.post("/faucet/").status_code == 404
    with pytest.raises(PermissionDenied):
        faucet.fund_first(wallet=ALICE, now=START)
    with pytest.raises(CommandError, match="The faucet is closed"):
        call_command("faucet", ALICE, "5")


@pytest.mark.django_db
@pytest.mark.usefixtures("addresses")
def test_the_faucet_is_open_beside_the_development_chain() -> None:
    Network()
    assert faucet.is_open()
    faucet.fund_first(wallet=ALICE, now=START)
