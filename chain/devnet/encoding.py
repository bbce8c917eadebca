"""Blocks, transactions, receipts and logs as JSON-RPC shows them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import rlp
from eth.abc import BlockHeaderAPI, ReceiptAPI, SignedTransactionAPI

from chain.devnet.blockchain import Blockchain, Place
from chain.transactions import contract_address

# As py-evm marks a receipt of a transaction that was executed without an error.
_SUCCESS = b"\x01"


def hex_data(data: bytes) -> str:
    return "0x" + bytes(data).hex()


def hex_word(number: int) -> str:
    return f"0x{number:064x}"


def encode_block(chain: Blockchain, header: BlockHeaderAPI, *, full: bool) -> dict[str, Any]:
    """A block, with its transactions whole or as hashes."""
    block = chain.block(header)
    transactions = [
        encode_transaction(transaction, Place(header, index)) if full else hex_data(transaction.hash)
        for index, transaction in enumerate(block.transactions)
    ]
    return {
        "number": hex(header.block_number),
        "hash": hex_data(header.hash),
        "parentHash": hex_data(header.parent_hash),
        "timestamp": hex(header.timestamp),
        "nonce": hex_data(header.nonce),
        "sha3Uncles": hex_data(header.uncles_hash),
        "logsBloom": f"0x{header.bloom:0512x}",
        "transactionsRoot": hex_data(header.transaction_root),
        "stateRoot": hex_data(header.state_root),
        "receiptsRoot": hex_data(header.receipt_root),
        "miner": hex_data(header.coinbase),
        "difficulty": "0x0",
        "totalDifficulty": "0x0",
        "extraData": hex_data(header.extra_data),
        "size": hex(len(rlp.encode(block))),
        "gasLimit": hex(header.gas_limit),
        "gasUsed": hex(header.gas_used),
        "baseFeePerGas": hex(header.base_fee_per_gas or 0),
        "mixHash": hex_data(header.mix_hash),
        "transactions": transactions,
        "uncles": [],
    }


def encode_transaction(transaction: SignedTransactionAPI, place: Place | None = None) -> dict[str, Any]:
    """A transaction that was mined at a place, or waits."""
    encoded: dict[str, Any] = {
        "hash": hex_data(transaction.hash),
        "type": hex(transaction.type_id or 0),
        "chainId": hex(transaction.chain_id or 0),
        "nonce": hex(transaction.nonce),
        "from": hex_data(transaction.sender),
        "to": hex_data(transaction.to) if transaction.to else None,
        "value": hex(transaction.value),
        "gas": hex(transaction.gas),
        "gasPrice": hex(_price(transaction, place)),
        "input": hex_data(transaction.data),
        "v": hex(transaction.y_parity),
        "r": hex(transaction.r),
        "s": hex(transaction.s),
        "blockHash": hex_data(place.header.hash) if place else None,
        "blockNumber": hex(place.header.block_number) if place else None,
        "transactionIndex": hex(place.position) if place else None,
    }
    if transaction.type_id is None:
        encoded["v"] = hex(transaction.y_parity + 35 + 2 * (transaction.chain_id or 0))
    else:
        encoded |= {"yParity": hex(transaction.y_parity), "accessList": _access_list(transaction)}
    if transaction.type_id == 2:
        encoded["maxFeePerGas"] = hex(transaction.max_fee_per_gas)
        encoded["maxPriorityFeePerGas"] = hex(transaction.max_priority_fee_per_gas)
    return encoded


def encode_receipt(chain: Blockchain, place: Place) -> dict[str, Any]:
    """The receipt of a mined transaction."""
    header, index = place
    transaction, receipts = chain.block(header).transactions[index], chain.receipts(header)
    receipt = receipts[index]
    before = receipts[index - 1].gas_used if index else 0
    sender = hex_data(transaction.sender)
    logs = [log for log in encode_logs(chain, header) if log["transactionIndex"] == hex(index)]
    return {
        "transactionHash": hex_data(transaction.hash),
        "transactionIndex": hex(index),
        "blockHash": hex_data(header.hash),
        "blockNumber": hex(header.block_number),
        "from": sender,
        "to": hex_data(transaction.to) if transaction.to else None,
        "contractAddress": None if transaction.to else contract_address(sender, transaction.nonce),
        "cumulativeGasUsed": hex(receipt.gas_used),
        "gasUsed": hex(receipt.gas_used - before),
        "effectiveGasPrice": hex(_price(transaction, place)),
        "logs": logs,
        "logsBloom": f"0x{receipt.bloom:0512x}",
        "status": "0x1" if _succeeded(receipt) else "0x0",
        "type": hex(transaction.type_id or 0),
    }


def encode_logs(chain: Blockchain, header: BlockHeaderAPI) -> Iterator[dict[str, Any]]:
    """The logs of a block, in their order."""
    number = 0
    pairs = zip(chain.block(header).transactions, chain.receipts(header), strict=True)
    for index, (transaction, receipt) in enumerate(pairs):
        for log in receipt.logs:
            yield {
                "address": hex_data(log.address),
                "topics": [hex_word(topic) for topic in log.topics],
                "data": hex_data(log.data),
                "blockNumber": hex(header.block_number),
                "blockHash": hex_data(header.hash),
                "transactionHash": hex_data(transaction.hash),
                "transactionIndex": hex(index),
                "logIndex": hex(number),
                "removed": False,
            }
            number += 1


def _succeeded(receipt: ReceiptAPI) -> bool:
    return bool(receipt.state_root == _SUCCESS)


def _price(transaction: SignedTransactionAPI, place: Place | None) -> int:
    """Wei paid per gas; for a transaction that waits, what it pays at most."""
    if place is None:
        return int(transaction.max_fee_per_gas)
    base_fee = place.header.base_fee_per_gas or 0
    return int(min(transaction.max_fee_per_gas, base_fee + transaction.max_priority_fee_per_gas))


def _access_list(transaction: SignedTransactionAPI) -> list[dict[str, Any]]:
    return [
        {"address": hex_data(address), "storageKeys": [hex_word(slot) for slot in slots]}
        for address, slots in transaction.access_list
    ]
