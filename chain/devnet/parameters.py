"""Parsing of JSON-RPC parameters; every function raises JsonRpcError for a value of the wrong form."""

from __future__ import annotations

import re
from typing import Any

from eth.abc import BlockHeaderAPI

from chain.devnet.blockchain import Message
from chain.devnet.errors import invalid, rejected
from chain.devnet.node import FINALITY, Node

# For calls without a gas limit of their own.
CALL_GAS = 16_000_000

_QUANTITY = re.compile("0x[0-9a-fA-F]{1,64}")
_DATA = re.compile("0x(?:[0-9a-fA-F]{2})*")
_FINAL = ("safe", "finalized")
_NEWEST = ("latest", "pending")
_NO_EFFECT = {"gasPrice", "maxFeePerGas", "maxPriorityFeePerGas", "nonce", "type", "chainId", "accessList"}


def quantity(value: Any) -> int:
    """A number, as hex or as a JSON number."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**256:
        return value
    if isinstance(value, str) and _QUANTITY.fullmatch(value):
        return int(value, 16)
    raise invalid("invalid quantity: a number like 0x1f is expected")


def data(value: Any, size: int | None = None) -> bytes:
    """Bytes, as hex with two digits each; exactly `size` of them, where one is named."""
    if not isinstance(value, str) or not _DATA.fullmatch(value):
        raise invalid("invalid data: hex digits after 0x are expected, two a byte")
    content = bytes.fromhex(value[2:])
    if size is not None and len(content) != size:
        raise invalid(f"invalid data: {size} bytes are expected, not {len(content)}")
    return content


def address(value: Any) -> bytes:
    return data(value, 20)


def block(node: Node, value: Any) -> BlockHeaderAPI | None:
    """The header that a tag, a number or an object of EIP-1898 names; None when there is no such block."""
    if isinstance(value, dict):
        return _block_of_object(node, value)
    head = node.chain.head
    if value is None or value in _NEWEST:
        return head
    if value in _FINAL:
        return node.chain.header(max(0, head.block_number - FINALITY))
    if value == "earliest":
        return node.chain.header(0)
    if isinstance(value, str) and len(value) == 66:
        return node.chain.header_of_hash(data(value, 32))
    number = quantity(value)
    return node.chain.header(number) if number <= head.block_number else None


def existing_block(node: Node, value: Any) -> BlockHeaderAPI:
    """The header of `block`; raises JsonRpcError when there is no such block."""
    header = block(node, value)
    if header is None:
        raise rejected("header not found")
    return header


def message(value: Any) -> Message:
    """The message of eth_call and eth_estimateGas."""
    if not isinstance(value, dict):
        raise invalid("invalid call: an object is expected")
    unknown = value.keys() - {"from", "to", "gas", "value", "data", "input"} - _NO_EFFECT
    if unknown:
        raise invalid(f"invalid call: unknown field {min(unknown)[:40]}")
    fields = {name: content for name, content in value.items() if content is not None}
    return Message(
        sender=address(fields.get("from", "0x" + "00" * 20)),
        to=address(fields["to"]) if "to" in fields else b"",
        gas=min(quantity(fields.get("gas", CALL_GAS)), CALL_GAS),
        value=quantity(fields.get("value", 0)),
        data=data(fields.get("input", fields.get("data", "0x"))),
    )


def _block_of_object(node: Node, value: dict[str, Any]) -> BlockHeaderAPI | None:
    if value.keys() - {"blockHash", "blockNumber", "requireCanonical"} or len(value) == 0:
        raise invalid("invalid block: an object has blockHash or blockNumber")
    if "blockHash" not in value:
        return block(node, quantity(value.get("blockNumber")))
    header = node.chain.header_of_hash(data(value["blockHash"], 32))
    if header is not None and value.get("requireCanonical") and not node.chain.is_canonical(header):
        raise rejected("hash is not currently canonical")
    return header
