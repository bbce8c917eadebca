"""The methods of the node's JSON-RPC interface: those of Ethereum nodes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chain.devnet import execution, parameters
from chain.devnet.encoding import encode_block, encode_receipt, encode_transaction, hex_data, hex_word
from chain.devnet.errors import invalid
from chain.devnet.logs import get_logs
from chain.devnet.node import Node
from protocol.addresses import keccak256

# Suggested tip, in wei per gas.
TIP = 10**9
_MAX_FEE_HISTORY = 1_024

Method = Callable[..., Any]


def client_version(node: Node) -> str:
    return "inframind-devnet/1 (py-evm)"


def sha3(node: Node, content: Any) -> str:
    return hex_data(keccak256(parameters.data(content)))


def net_version(node: Node) -> str:
    return str(node.chain.chain_id)


def listening(node: Node) -> bool:
    return True


def chain_id(node: Node) -> str:
    return hex(node.chain.chain_id)


def syncing(node: Node) -> bool:
    return False


def accounts(node: Node) -> list[str]:
    return []


def block_number(node: Node) -> str:
    return hex(node.chain.head.block_number)


def gas_price(node: Node) -> str:
    return hex(node.base_fee(node.chain.head) + TIP)


def max_priority_fee(node: Node) -> str:
    return hex(TIP)


def fee_history(node: Node, count: Any, newest: Any, percentiles: Any = None) -> dict[str, Any]:
    number, top = parameters.quantity(count), parameters.existing_block(node, newest)
    if not 1 <= number <= _MAX_FEE_HISTORY:
        raise invalid(f"between 1 and {_MAX_FEE_HISTORY} blocks can be asked for")
    if not isinstance(percentiles, list | None):
        raise invalid("percentiles are a list of numbers")
    first = max(0, top.block_number - number + 1)
    headers = [header for n in range(first, top.block_number + 1) if (header := node.chain.header(n))]
    return {
        "oldestBlock": hex(first),
        "baseFeePerGas": [hex(header.base_fee_per_gas or 0) for header in headers]
        + [hex(node.base_fee(top))],
        "gasUsedRatio": [header.gas_used / header.gas_limit for header in headers],
        "reward": [[hex(TIP)] * len(percentiles or []) for _ in headers],
    }


def get_block(node: Node, block: Any, full: Any = False) -> dict[str, Any] | None:
    if not isinstance(full, bool):
        raise invalid("the second parameter is true or false")
    header = parameters.block(node, block)
    return None if header is None else encode_block(node.chain, header, full=full)


def get_block_by_hash(node: Node, block_hash: Any, full: Any = False) -> dict[str, Any] | None:
    parameters.data(block_hash, 32)
    return get_block(node, block_hash, full)


def transaction_count_of_block(node: Node, block: Any) -> str | None:
    header = parameters.block(node, block)
    return None if header is None else hex(len(node.chain.block(header).transactions))


def get_balance(node: Node, account: Any, block: Any = "latest") -> str:
    state = node.chain.state(parameters.existing_block(node, block))
    return hex(state.get_balance(parameters.address(account)))  # type: ignore[arg-type]


def get_code(node: Node, account: Any, block: Any = "latest") -> str:
    state = node.chain.state(parameters.existing_block(node, block))
    return hex_data(state.get_code(parameters.address(account)))  # type: ignore[arg-type]


def get_storage(node: Node, account: Any, slot: Any, block: Any = "latest") -> str:
    state = node.chain.state(parameters.existing_block(node, block))
    return hex_word(
        state.get_storage(parameters.address(account), parameters.quantity(slot))  # type: ignore[arg-type]
    )


def get_nonce(node: Node, account: Any, block: Any = "latest") -> str:
    sender = parameters.address(account)
    nonce = node.chain.state(parameters.existing_block(node, block)).get_nonce(sender)  # type: ignore[arg-type]
    return hex(node.mempool.next_nonce(sender, nonce) if block == "pending" else nonce)


def send_raw_transaction(node: Node, raw: Any) -> str:
    return hex_data(node.submit(parameters.data(raw)))


def get_transaction(node: Node, transaction_hash: Any) -> dict[str, Any] | None:
    wanted = parameters.data(transaction_hash, 32)
    place = node.chain.find(wanted)
    if place is not None:
        return encode_transaction(node.chain.block(place.header).transactions[place.position], place)
    waiting = node.mempool.find(wanted)
    return None if waiting is None else encode_transaction(waiting)


def get_receipt(node: Node, transaction_hash: Any) -> dict[str, Any] | None:
    place = node.chain.find(parameters.data(transaction_hash, 32))
    return None if place is None else encode_receipt(node.chain, place)


def get_block_receipts(node: Node, block: Any) -> list[dict[str, Any] | None] | None:
    header = parameters.block(node, block)
    if header is None:
        return None
    return [
        get_receipt(node, hex_data(transaction.hash)) for transaction in node.chain.block(header).transactions
    ]


METHODS: dict[str, Method] = {
    "web3_clientVersion": client_version,
    "web3_sha3": sha3,
    "net_version": net_version,
    "net_listening": listening,
    "eth_chainId": chain_id,
    "eth_syncing": syncing,
    "eth_accounts": accounts,
    "eth_blockNumber": block_number,
    "eth_gasPrice": gas_price,
    "eth_maxPriorityFeePerGas": max_priority_fee,
    "eth_feeHistory": fee_history,
    "eth_getBlockByNumber": get_block,
    "eth_getBlockByHash": get_block_by_hash,
    "eth_getBlockTransactionCountByNumber": transaction_count_of_block,
    "eth_getBlockTransactionCountByHash": transaction_count_of_block,
    "eth_getBlockReceipts": get_block_receipts,
    "eth_getBalance": get_balance,
    "eth_getCode": get_code,
    "eth_getStorageAt": get_storage,
    "eth_getTransactionCount": get_nonce,
    "eth_getTransactionByHash": get_transaction,
    "eth_getTransactionReceipt": get_receipt,
    "eth_sendRawTransaction": send_raw_transaction,
    "eth_call": execution.call,
    "eth_estimateGas": execution.estimate_gas,
    "eth_getLogs": get_logs,
}
