"""Reorganisations of the development chain."""

from __future__ import annotations

from pathlib import Path

import pytest

from chain import contracts
from chain.devnet.accounts import FAUCET, ORACLE
from chain.devnet.deployment import TOKEN
from chain.rpc import RpcRefused
from tests.chain.devnet.client import SOMEBODY, Client, start


def test_the_other_branch_is_one_block_longer(empty: Client) -> None:
    empty("evm_mine", 5)
    old = [empty("eth_getBlockByNumber", hex(number), False)["hash"] for number in range(6)]
    head = empty("devnet_reorganize", 2)
    new = [empty("eth_getBlockByNumber", hex(number), False)["hash"] for number in range(7)]
    assert new[:4] == old[:4]
    assert not set(new[4:]) & set(old)
    assert new[6] == head


def test_what_was_mined_on_the_old_branch_is_lost(empty: Client) -> None:
    transaction = empty.send(value=5)
    empty("evm_mine")
    empty("devnet_reorganize", 1)
    assert empty("eth_getTransactionReceipt", transaction) is None
    assert empty("eth_getTransactionByHash", transaction) is None
    assert empty.number("eth_getBalance", SOMEBODY) == 0
    assert empty.number("eth_getTransactionCount", FAUCET.address) == 0


def test_what_was_mined_on_the_old_branch_can_wait_again(empty: Client) -> None:
    transaction = empty.send(value=5)
    empty("evm_mine")
    before = empty("eth_getTransactionReceipt", transaction)
    empty("devnet_reorganize", 1, True)
    assert empty("eth_getTransactionByHash", transaction)["blockHash"] is None
    empty("evm_mine")
    after = empty("eth_getTransactionReceipt", transaction)
    assert (before["blockNumber"], after["blockNumber"]) == ("0x1", "0x3")
    assert empty.number("eth_getBalance", SOMEBODY) == 5


def test_another_transaction_can_take_the_place(empty: Client) -> None:
    lost = empty.send(nonce=0, value=5)
    empty("evm_mine")
    other = empty.signed(nonce=0, value=8)
    empty("devnet_reorganize", 1, True, ["0x" + other.raw.hex()])
    assert empty("eth_getTransactionReceipt", other.hash)["blockNumber"] == "0x1"
    assert empty("eth_getTransactionByHash", lost) is None
    assert empty.number("eth_getBalance", SOMEBODY) == 8


def test_a_transaction_of_both_branches_is_found_on_the_new_one(empty: Client) -> None:
    signed = empty.signed(value=5)
    empty("eth_sendRawTransaction", "0x" + signed.raw.hex())
    empty("evm_mine", 3)
    first = empty("eth_getTransactionReceipt", signed.hash)["blockHash"]
    empty("devnet_reorganize", 2)
    assert empty("eth_getTransactionReceipt", signed.hash)["blockHash"] == first
    empty("devnet_reorganize", 4, False, ["0x" + signed.raw.hex()])
    receipt = empty("eth_getTransactionReceipt", signed.hash)
    assert receipt["blockNumber"] == "0x1"
    assert receipt["blockHash"] != first


def test_state_of_the_old_branch_can_be_read_by_hash(client: Client) -> None:
    client.send(FAUCET, TOKEN, contracts.load("IFM").call("lock", 7))
    old = client("evm_mine")
    client("devnet_reorganize", 1)
    assert client.token("locked", FAUCET.address) == 0
    assert client.token("locked", FAUCET.address, block={"blockHash": old}) == 7
    with pytest.raises(RpcRefused, match="hash is not currently canonical"):
        client.token("locked", FAUCET.address, block={"blockHash": old, "requireCanonical": True})


def test_logs_of_the_old_branch_are_gone(client: Client) -> None:
    client.send(FAUCET, TOKEN, contracts.load("IFM").call("lock", 7))
    client("evm_mine", 2)
    query = {"fromBlock": "0x3", "toBlock": "latest", "address": TOKEN}
    assert len(client("eth_getLogs", query)) == 1
    client("devnet_reorganize", 2)
    assert client("eth_getLogs", query) == []


def test_a_reorganisation_survives_a_restart(tmp_path: Path) -> None:
    path = str(tmp_path / "chain.sqlite")
    client = start(path)
    client.send(ORACLE, value=1)
    client("evm_mine", 3)
    head = client("devnet_reorganize", 3, True)
    client.node.close()
    client = start(path)
    assert client("eth_getBlockByNumber", "latest", False)["hash"] == head
    client("evm_mine")
    assert client.number("eth_getBalance", SOMEBODY) == 1
    client.node.close()


@pytest.mark.parametrize("depth", [0, 3, 2**200])
def test_a_depth_that_is_not_there_is_refused(empty: Client, depth: int) -> None:
    head = empty("evm_mine", 2)
    with pytest.raises(RpcRefused, match="between 1 and 2 blocks can be replaced"):
        empty("devnet_reorganize", hex(depth))
    assert empty("eth_getBlockByNumber", "latest", False)["hash"] == head
