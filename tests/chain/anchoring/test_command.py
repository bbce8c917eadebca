"""`manage.py chain`."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.management import CommandError, call_command

from chain.devnet.accounts import GUARDIAN, ORACLE
from chain.models import Attempt, ChainStatus
from chain_sync.anchoring import anchor_due
from protocol.addresses import checksum
from staking.models import Network
from tests.chain.anchoring.network import settle
from tests.chain.anchoring.site import Site


def test_it_says_what_is_there_and_sends_nothing(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    settle(1, 2)
    call_command("chain")
    output = capsys.readouterr().out
    assert f"oracle         {checksum(ORACLE.address)}" in output
    assert "funds          1000000.000000 ether" in output
    assert "last epoch     0, 2 waiting" in output
    assert f"network        0x{b'inframind-devnet'.hex()}" in output
    assert not Attempt.objects.exists()
    assert not ChainStatus.objects.exists()


@pytest.mark.parametrize(
    ("setting", "value", "sentence"),
    [
        (
            "INFRAMIND_CHAIN_RPC",
            ("http://127.0.0.1:9/key",),
            "unreachable: The node does not answer: 127.0.0.1:9",
        ),
        ("INFRAMIND_CHAIN_ID", 1, "serves chain 31337, and this network is on chain 1."),
        ("INFRAMIND_CHAIN_SETTLEMENT", "0x" + "11" * 20, "no_contract: There is no contract at 0x1111"),
        ("INFRAMIND_CHAIN_ORACLE_PASSWORD", "wrong", "keystore: The oracle's key cannot be read."),
    ],
)
def test_what_is_wrong_is_one_sentence(site: Site, setting: str, value: Any, sentence: str) -> None:
    setattr(site.settings, setting, value)
    with pytest.raises(CommandError) as error:
        call_command("chain")
    assert sentence in str(error.value)
    assert "key" not in str(error.value).replace("oracle's key", "").replace("keystore", "").replace(
        "KEYSTORE", ""
    )


def test_a_contract_of_another_network_is_named(site: Site) -> None:
    Network.objects.create(kind="production", chain_id=31337, genesis="ab" * 32)
    site.settings.INFRAMIND_NETWORK = "production"
    with pytest.raises(
        CommandError, match=r"foreign_contract: .* `manage.py chain` prints this network's identifier"
    ):
        call_command("chain")


def test_before_genesis_it_says_what_to_do(site: Site) -> None:
    site.settings.INFRAMIND_NETWORK = "production"
    for rpc in (site.settings.INFRAMIND_CHAIN_RPC, ()):
        site.settings.INFRAMIND_CHAIN_RPC = rpc
        with pytest.raises(CommandError, match=r"Run `manage.py genesis FILE` once"):
            call_command("chain")
    assert not anchor_due(now=site.now)


def test_a_pause_is_named(site: Site) -> None:
    site.send(GUARDIAN, "pause")
    with pytest.raises(CommandError, match=r"paused: The settlement contract is paused\."):
        call_command("chain")


def test_a_chain_can_be_accepted(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    settle(1, 1)
    site.tick()
    site.client("evm_mine", 9)
    site.tick()
    site.client("devnet_reorganize", 9)
    assert site.tick().problem == "deep_reorganization"
    call_command("chain", "--accept")
    assert "the next tick goes on" in capsys.readouterr().out
    assert site.tick().problem == ""


def test_a_network_without_a_chain_says_so(site: Site) -> None:
    site.settings.INFRAMIND_CHAIN_RPC = ()
    with pytest.raises(CommandError, match="This network has no chain"):
        call_command("chain")
