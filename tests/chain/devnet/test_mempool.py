"""The development chain's mempool: what it takes, replaces, mines and keeps."""

from __future__ import annotations

from pathlib import Path

import pytest
from eth_account import Account

from chain.devnet.accounts import FAUCET, ORACLE
from chain.devnet.miner import Miner
from chain.devnet.node import FINALITY
from chain.rpc import RpcRefused
from protocol.addresses import keccak256
from tests.chain.devnet.client import CHAIN_ID, GWEI, SOMEBODY, Client, start


def refusal(client: Client, **fields: int) -> str:
    raw = client.signed(**fields).raw  # type: ignore[arg-type]
    with pytest.raises(RpcRefused) as error:
        client("eth_sendRawTransaction", "0x" + raw.hex())
    assert error.value.code == -32000
    return str(error.value)


def test_a_transaction_waits_until_a_block_is_mined(empty: Client) -> None:
    transaction = empty.send(value=5)
    waiting = empty("eth_getTransactionByHash", transaction)
    assert waiting["blockHash"] is None
    assert waiting["from"] == FAUCET.address
    assert empty("eth_getTransactionReceipt", transaction) is None
    empty("evm_mine")
    assert empty("eth_getTransactionByHash", transaction)["blockNumber"] == "0x1"
    receipt = empty("eth_getTransactionReceipt", transaction)
    assert (receipt["status"], receipt["gasUsed"], receipt["to"]) == ("0x1", hex(21_000), SOMEBODY)
    assert empty.number("eth_getBalance", SOMEBODY) == 5
    assert len(empty.node.mempool) == 0


def test_with_automine_a_transaction_is_mined_at_once(empty: Client) -> None:
    empty("evm_setAutomine", True)
    receipt = empty("eth_getTransactionReceipt", empty.send())
    assert receipt["blockNumber"] == "0x1"


def test_transactions_are_mined_in_the_order_of_their_nonces(empty: Client) -> None:
    later = empty.send(nonce=1)
    empty("evm_mine")
    assert empty("eth_getTransactionReceipt", later) is None
    first = empty.send(nonce=0)
    empty("evm_mine")
    places = [empty("eth_getTransactionReceipt", hash_)["transactionIndex"] for hash_ in (first, later)]
    assert places == ["0x0", "0x1"]


def test_the_higher_tip_comes_first(empty: Client) -> None:
    low = empty.send(FAUCET, tip=GWEI)
    high = empty.send(ORACLE, tip=2 * GWEI)
    empty("evm_mine")
    assert [t["hash"] for t in empty("eth_getBlockByNumber", "latest", True)["transactions"]] == [high, low]


def test_the_pending_nonce_counts_what_waits(empty: Client) -> None:
    for _ in range(3):
        empty.send()
    assert empty.number("eth_getTransactionCount", FAUCET.address, "latest") == 0
    assert empty.number("eth_getTransactionCount", FAUCET.address, "pending") == 3


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"chain_id": 1}, "invalid chain id for signer: have 1 want 31337"),
        ({"gas": 20_999}, "intrinsic gas too low: have 20999, want 21000"),
        ({"gas": 16_777_217}, "transaction gas limit too high"),
        ({"tip": 101 * GWEI}, "max priority fee per gas higher than max fee per gas"),
        ({"value": 10**30}, "insufficient funds for gas * price + value"),
    ],
    ids=str,
)
def test_a_transaction_that_could_not_be_mined_is_refused(
    empty: Client, fields: dict[str, int], sentence: str
) -> None:
    assert refusal(empty, **fields) == sentence
    assert len(empty.node.mempool) == 0


def test_a_nonce_that_was_used_is_refused(empty: Client) -> None:
    empty.send()
    empty("evm_mine")
    assert refusal(empty, nonce=0, tip=2 * GWEI) == "nonce too low: next nonce 1, tx nonce 0"


def test_the_same_transaction_is_not_taken_twice(empty: Client) -> None:
    empty.send(nonce=0)
    assert refusal(empty, nonce=0) == "already known"


@pytest.mark.parametrize(("tip", "fee"), [(109, 1_100), (110, 1_099), (100, 2_000), (200, 1_000)])
def test_a_replacement_pays_a_tenth_more(empty: Client, tip: int, fee: int) -> None:
    empty.send(nonce=0, tip=100 * GWEI, fee=1_000 * GWEI)
    sentence = refusal(empty, nonce=0, tip=tip * GWEI, fee=fee * GWEI)
    assert sentence == "replacement transaction underpriced"


def test_a_replacement_is_mined_instead(empty: Client) -> None:
    first = empty.send(nonce=0, tip=100 * GWEI, fee=1_000 * GWEI)
    second = empty.send(nonce=0, tip=110 * GWEI, fee=1_100 * GWEI)
    assert empty("eth_getTransactionByHash", first) is None
    empty("evm_mine")
    assert empty("eth_getTransactionReceipt", first) is None
    assert empty("eth_getTransactionReceipt", second)["status"] == "0x1"


def test_a_fee_below_the_base_fee_waits(empty: Client) -> None:
    empty("devnet_setBaseFeeFloor", hex(50 * GWEI))
    cheap = empty.send(fee=40 * GWEI)
    empty("evm_mine", 2)
    assert empty("eth_getTransactionReceipt", cheap) is None
    assert empty.number("eth_gasPrice") == 51 * GWEI
    empty("devnet_setBaseFeeFloor", 0)
    empty("evm_mine", 2)
    assert empty("eth_getTransactionReceipt", cheap)["status"] == "0x1"


def test_a_sender_that_ran_out_of_money_does_not_stop_the_others(empty: Client) -> None:
    poor = keccak256(b"poor")
    address = Account.from_key(poor).address
    empty.send(to=address.lower(), value=10**16)
    empty("evm_mine")
    balance = empty.number("eth_getBalance", address)
    for nonce in (0, 1):
        fields = {
            "nonce": nonce,
            "to": SOMEBODY,
            "value": balance * 6 // 10,
            "gas": 21_000,
            "chainId": CHAIN_ID,
        }
        raw = Account.sign_transaction(fields | {"maxFeePerGas": GWEI, "maxPriorityFeePerGas": 1}, poor)
        empty("eth_sendRawTransaction", "0x" + raw.raw_transaction.hex())
    other = empty.send()
    empty("evm_mine")
    assert empty("eth_getTransactionReceipt", other)["status"] == "0x1"
    assert empty.number("eth_getTransactionCount", address) == 1


@pytest.mark.parametrize("kind", [0, 1])
def test_older_kinds_of_transactions_are_taken(empty: Client, kind: int) -> None:
    fields = {
        "nonce": 0,
        "to": SOMEBODY,
        "value": 1,
        "gas": 30_000,
        "chainId": CHAIN_ID,
        "gasPrice": 9 * GWEI,
    }
    fields |= {"type": 1, "accessList": []} if kind else {}
    signed = Account.sign_transaction(fields, FAUCET.key)
    empty("eth_sendRawTransaction", "0x" + signed.raw_transaction.hex())
    empty("evm_mine")
    mined = empty("eth_getTransactionByHash", "0x" + signed.hash.hex())
    assert (mined["type"], mined["gasPrice"], mined["v"]) == (hex(kind), hex(9 * GWEI), hex(signed.v))


@pytest.mark.parametrize(
    "raw", ["0x", "0x00", "0x02", "0x02c0", "0xc0", "0x03" + "00" * 40, "0x" + "ff" * 200]
)
def test_bytes_that_are_no_transaction_are_refused(empty: Client, raw: str) -> None:
    with pytest.raises(RpcRefused, match="invalid transaction"):
        empty("eth_sendRawTransaction", raw)


def test_what_waits_survives_a_restart(tmp_path: Path) -> None:
    path = str(tmp_path / "chain.sqlite")
    client = start(path, deployed=False)
    transactions = [client.send(value=3), client.send(value=4)]
    client.node.close()
    client = start(path, deployed=False)
    assert [client("eth_getTransactionByHash", hash_)["hash"] for hash_ in transactions] == transactions
    client("evm_mine")
    assert client.number("eth_getBalance", SOMEBODY) == 7
    client.node.close()


def test_the_mempool_can_be_emptied(empty: Client) -> None:
    lost = empty.send()
    assert empty("devnet_dropTransactions") == 1
    assert empty("eth_getTransactionByHash", lost) is None
    empty("evm_mine")
    assert empty.number("eth_getTransactionCount", FAUCET.address) == 0


def test_blocks_are_mined_until_transactions_are_final_and_no_longer() -> None:
    client = start(automine=True, deployed=False)
    miner = Miner(client.node, block_time=0)
    client.send()
    miner.confirm()
    assert client.number("eth_blockNumber") == 1 + FINALITY
    assert client("eth_getBlockByNumber", "finalized", False)["number"] == "0x1"
    miner.confirm()
    assert client.number("eth_blockNumber") == 1 + FINALITY
    client("devnet_reorganize", FINALITY + 1, True)
    miner.confirm()
    assert client.number("eth_blockNumber") == 2 + FINALITY + 1 + FINALITY
    assert client.number("eth_getTransactionCount", FAUCET.address, "finalized") == 1
