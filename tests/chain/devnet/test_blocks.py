"""The development chain's blocks, receipts, logs, calls and estimates."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from chain import contracts
from chain.abi import encode, selector
from chain.devnet.accounts import FAUCET, ORACLE, OWNER
from chain.devnet.deployment import INITIAL_SUPPLY, NETWORK, SETTLEMENT, TOKEN, deploy
from chain.rpc import RpcRefused
from tests.chain.devnet.client import GWEI, SOMEBODY, Client, start

TRANSFER = contracts.load("IFM").topic("Transfer")
LOCKED = contracts.load("IFM").topic("Locked")


def word(address: str) -> str:
    return "0x" + "00" * 12 + address[2:]


def lock(client: Client, amount: int) -> str:
    return client.send(FAUCET, TOKEN, contracts.load("IFM").call("lock", amount))


def refused(client: Client, method: str, *parameters: Any) -> RpcRefused:
    with pytest.raises(RpcRefused) as error:
        client(method, *parameters)
    return error.value


def test_blocks_are_found_by_number_tag_and_hash(empty: Client) -> None:
    head = empty("evm_mine", 9)
    assert empty("eth_getBlockByNumber", "latest", False)["hash"] == head
    assert empty("eth_getBlockByHash", head, False)["number"] == "0x9"
    assert empty("eth_getBlockByNumber", "0x9", False)["hash"] == head
    assert empty("eth_getBlockByNumber", "earliest", False)["number"] == "0x0"
    assert empty("eth_getBlockByNumber", "finalized", False)["number"] == "0x5"
    assert empty("eth_getBlockByNumber", "safe", False)["number"] == "0x5"
    assert empty("eth_getBlockByNumber", "0xa", False) is None
    assert empty("eth_getBlockByHash", "0x" + "ab" * 32, False) is None
    assert empty.number("eth_blockNumber") == 9


def test_each_block_follows_the_one_before(empty: Client) -> None:
    empty("evm_mine", 5)
    blocks = [empty("eth_getBlockByNumber", hex(number), False) for number in range(6)]
    for parent, block in pairwise(blocks):
        assert block["parentHash"] == parent["hash"]
        assert int(block["timestamp"], 16) > int(parent["timestamp"], 16)


def test_a_block_lists_its_transactions(empty: Client) -> None:
    hashes = [empty.send(), empty.send()]
    empty("evm_mine")
    block = empty("eth_getBlockByNumber", "latest", False)
    assert block["transactions"] == hashes
    assert block["gasUsed"] == hex(42_000)
    assert empty("eth_getBlockTransactionCountByNumber", "latest") == "0x2"
    assert [r["transactionHash"] for r in empty("eth_getBlockReceipts", "latest")] == hashes
    assert empty("eth_getBlockReceipts", "latest")[1]["cumulativeGasUsed"] == hex(42_000)


def test_fees_of_past_blocks(empty: Client) -> None:
    empty("evm_mine", 3)
    history = empty("eth_feeHistory", 2, "latest", [25, 75])
    assert history["oldestBlock"] == "0x2"
    assert len(history["baseFeePerGas"]) == 3
    assert history["gasUsedRatio"] == [0.0, 0.0]
    assert history["reward"] == [[hex(GWEI)] * 2] * 2


def test_the_contracts_are_deployed_and_belong_together(client: Client) -> None:
    assert client.token("SETTLEMENT") == SETTLEMENT
    assert client.token("totalSupply") == client.token("balanceOf", FAUCET.address) == INITIAL_SUPPLY
    settlement = contracts.load("InfraMindSettlement")
    answers = {}
    for name in ("NETWORK", "owner", "oracle", "DELAY"):
        data = client("eth_call", {"to": SETTLEMENT, "data": "0x" + settlement.call(name).hex()})
        answers[name] = settlement.result(name, bytes.fromhex(data[2:]))
    assert answers == {"NETWORK": NETWORK, "owner": OWNER.address, "oracle": ORACLE.address, "DELAY": 0}


def test_a_deployment_that_was_interrupted_is_completed(empty: Client) -> None:
    client = empty
    client.node.automine = True
    data = contracts.load("InfraMindSettlement").deployment(
        NETWORK, OWNER.address, ORACLE.address, OWNER.address, 0, 0, bytes(32), 0
    )
    client.send(OWNER, None, data, gas=3_000_000)
    deploy(client.node)
    deploy(client.node)
    assert client.token("SETTLEMENT") == SETTLEMENT
    assert client.number("eth_getTransactionCount", OWNER.address) == 2


def test_the_faucet_gives_ether_and_tokens() -> None:
    client = start(automine=True)
    sent = client("devnet_faucet", SOMEBODY, 5_000_000)
    for transaction in sent.values():
        assert client("eth_getTransactionReceipt", transaction)["status"] == "0x1"
    assert client.token("balanceOf", SOMEBODY) == 5_000_000
    assert client.number("eth_getBalance", SOMEBODY) == 10**18
    client("devnet_faucet", SOMEBODY)
    assert client.token("balanceOf", SOMEBODY) == 1_005_000_000


@pytest.mark.parametrize("parameters", [(), ("0x12",), (SOMEBODY, 0), (SOMEBODY, 10**13), (SOMEBODY, "many")])
def test_the_faucet_refuses_nonsense(client: Client, parameters: tuple[Any, ...]) -> None:
    assert refused(client, "devnet_faucet", *parameters).code in (-32602, -32000)
    assert len(client.node.mempool) == 0


def test_a_call_reads_the_state_after_a_block(client: Client) -> None:
    lock(client, 500)
    before = client("eth_getBlockByNumber", "latest", False)
    client("evm_mine")
    after = client("eth_getBlockByNumber", "latest", False)
    for block, locked in ((before, 0), (after, 500)):
        for tag in (
            block["number"],
            block["hash"],
            {"blockHash": block["hash"]},
            {"blockNumber": block["number"]},
        ):
            assert client.token("locked", FAUCET.address, block=tag) == locked


def test_a_call_changes_nothing(client: Client) -> None:
    data = "0x" + contracts.load("IFM").call("lock", 5).hex()
    client("eth_call", {"from": FAUCET.address, "to": TOKEN, "data": data})
    assert client.token("locked", FAUCET.address) == 0


def test_a_call_of_the_latest_block_runs_in_the_present(client: Client) -> None:
    # TIMESTAMP PUSH0 MSTORE PUSH1 32 PUSH0 RETURN, as the code of a contract in creation.
    def timestamp(block: Any) -> int:
        return client.number("eth_call", {"data": "0x425f5260205ff3"}, block)

    head = client("eth_getBlockByNumber", "latest", False)
    assert timestamp(head["number"]) == int(head["timestamp"], 16)
    assert timestamp("latest") > int(head["timestamp"], 16)


def test_a_revert_gives_its_reason(client: Client) -> None:
    data = "0x" + contracts.load("IFM").call("lock", 5).hex()
    for method in ("eth_call", "eth_estimateGas"):
        error = refused(client, method, {"from": SOMEBODY, "to": TOKEN, "data": data})
        assert error.code == 3
        assert str(error) == "execution reverted: insufficient transferable balance"
        assert error.reason == "insufficient transferable balance"


def test_a_call_that_fails_otherwise_is_refused(client: Client) -> None:
    assert refused(client, "eth_call", {"data": "0xfe"}).code == -32000
    assert refused(client, "eth_call", {"from": SOMEBODY, "to": TOKEN, "value": "0x1"}).code == -32000
    assert refused(client, "eth_call", {"to": TOKEN, "gas": "0x1", "data": "0x00"}).code == -32000


@pytest.mark.parametrize(
    ("function", "arguments"),
    [("lock", (500,)), ("transfer", (SOMEBODY, 5)), ("approve", (SOMEBODY, 5))],
)
def test_an_estimate_suffices_and_is_close(client: Client, function: str, arguments: tuple[Any, ...]) -> None:
    data = contracts.load("IFM").call(function, *arguments)
    estimate = client.number(
        "eth_estimateGas", {"from": FAUCET.address, "to": TOKEN, "data": "0x" + data.hex()}
    )
    transaction = client.send(FAUCET, TOKEN, data, gas=estimate)
    client("evm_mine")
    receipt = client("eth_getTransactionReceipt", transaction)
    assert receipt["status"] == "0x1"
    assert estimate <= int(receipt["gasUsed"], 16) * 102 // 100


def test_a_transfer_of_ether_is_estimated_exactly(empty: Client) -> None:
    message = {"from": FAUCET.address, "to": SOMEBODY, "value": "0x1"}
    assert empty.number("eth_estimateGas", message) <= 21_210


def test_a_failed_transaction_has_a_receipt_that_says_so(client: Client) -> None:
    transaction = client.send(ORACLE, TOKEN, contracts.load("IFM").call("lock", 5))
    client("evm_mine")
    receipt = client("eth_getTransactionReceipt", transaction)
    assert (receipt["status"], receipt["logs"]) == ("0x0", [])


def test_a_receipt_names_the_contract_that_was_created(client: Client) -> None:
    hash_ = client("eth_getBlockByNumber", "0x1", False)["transactions"][0]
    receipt = client("eth_getTransactionReceipt", hash_)
    assert (receipt["contractAddress"], receipt["to"]) == (SETTLEMENT, None)
    assert len(client("eth_getCode", SETTLEMENT)) > 2_000
    assert client("eth_getCode", SOMEBODY) == "0x"


def test_storage_can_be_read(client: Client) -> None:
    assert client("eth_getStorageAt", SETTLEMENT, "0x0") == word(OWNER.address)
    assert client("eth_getStorageAt", SETTLEMENT, "0x" + "ff" * 32) == "0x" + "00" * 32


def test_logs_are_found_by_address_topic_and_block(client: Client) -> None:
    lock(client, 1)
    client("evm_mine")
    first = client("eth_getBlockByNumber", "latest", False)
    lock(client, 2)
    client("evm_mine", 3)
    whole = {"fromBlock": "earliest", "toBlock": "latest", "address": TOKEN}

    def amounts(**query: Any) -> list[int]:
        return [int(log["data"], 16) for log in client("eth_getLogs", whole | query)]

    assert amounts(topics=[LOCKED]) == [1, 2]
    assert amounts(topics=[[LOCKED, TRANSFER]]) == [INITIAL_SUPPLY, 1, 2]
    assert amounts(topics=[LOCKED, None, word(FAUCET.address)]) == [1, 2]
    assert amounts(topics=[LOCKED, None, word(SOMEBODY)]) == []
    assert amounts(topics=[LOCKED, None, None, None]) == []
    assert amounts(topics=[LOCKED], address=[SOMEBODY, TOKEN.upper().replace("0X", "0x")]) == [1, 2]
    assert amounts(topics=[LOCKED], address=SETTLEMENT) == []
    assert amounts(topics=[LOCKED], toBlock=first["number"]) == [1]
    assert amounts(topics=[LOCKED], fromBlock=hex(int(first["number"], 16) + 1)) == [2]
    logs = client("eth_getLogs", {"blockHash": first["hash"]})
    assert [log["blockHash"] for log in logs] == [first["hash"]]
    assert client("eth_getLogs", {"fromBlock": "0xffff", "toBlock": "0x10000"}) == []


def test_a_log_carries_where_it_stands(client: Client) -> None:
    other, transaction = client.send(ORACLE, tip=2 * GWEI), lock(client, 9)
    client("evm_mine")
    block = client("eth_getBlockByNumber", "latest", False)
    (log,) = client("eth_getLogs", {"address": TOKEN})
    assert log == client("eth_getTransactionReceipt", transaction)["logs"][0]
    assert block["transactions"] == [other, transaction]
    assert log["blockNumber"] == block["number"]
    assert (log["transactionHash"], log["transactionIndex"], log["logIndex"]) == (transaction, "0x1", "0x0")
    assert contracts.load("IFM").event(log) == (
        "Locked",
        {"index": 0, "account": FAUCET.address, "amount": 9},
    )


def test_a_range_of_logs_is_limited(empty: Client) -> None:
    error = refused(empty, "eth_getLogs", {"fromBlock": "0x0", "toBlock": hex(1_000)})
    assert (error.code, str(error)) == (-32005, "query exceeds max block range 1000")
    assert empty("eth_getLogs", {"fromBlock": "0x1", "toBlock": hex(1_000)}) == []
    assert refused(empty, "eth_getLogs", {"fromBlock": "0x2", "toBlock": "0x1"}).code == -32602
    assert refused(empty, "eth_getLogs", {"blockHash": "0x" + "00" * 32}).code == -32000
    assert refused(empty, "eth_getLogs", {"blockHash": "0x" + "00" * 32, "toBlock": "0x1"}).code == -32602


def test_selectors_of_reasons_are_the_known_one() -> None:
    assert selector("Error(string)").hex() == "08c379a0"
    assert encode(["string"], [""])[:32] == (32).to_bytes(32, "big")
