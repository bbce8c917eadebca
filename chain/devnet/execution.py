"""eth_call and eth_estimateGas: execution without a transaction."""

from __future__ import annotations

from typing import Any

from eth.abc import BlockHeaderAPI, ComputationAPI
from eth.exceptions import Revert

from chain.abi import AbiError, decode, selector
from chain.devnet import parameters
from chain.devnet.blockchain import Message
from chain.devnet.encoding import hex_data
from chain.devnet.errors import REVERTED, JsonRpcError, invalid, rejected
from chain.devnet.node import Node

_ERROR_SELECTOR = selector("Error(string)")
# Estimates are this close: a hundredth, so that few executions suffice.
_PRECISION = 100


def call(node: Node, message: Any, block: Any = "latest", overrides: Any = None) -> str:
    """The data that a message returns; raises JsonRpcError with the reason of a revert."""
    computation = _execute(node, parameters.message(message), block, overrides)
    _raise_error(computation)
    return hex_data(computation.output)


def estimate_gas(node: Node, message: Any, block: Any = "latest", overrides: Any = None) -> str:
    """Gas with which a transaction of this message succeeds, at most a hundredth more than it needs."""
    parsed = parameters.message(message)
    computation = _execute(node, parsed, block, overrides)
    _raise_error(computation)
    header = parameters.existing_block(node, block)
    used = parsed.gas - computation.get_gas_remaining()
    if _succeeds(node, parsed._replace(gas=used), header):
        # Most need no more than they use.
        return hex(used)
    # A call inside gets 63/64 of the gas at most, and refunds come after the execution.
    low, high = used, min(parsed.gas, used * 64 // 63 + 3_000)
    if not _succeeds(node, parsed._replace(gas=high), header):
        low, high = high, parsed.gas
    while high - low > max(1, low // _PRECISION):
        middle = (low + high) // 2
        if _succeeds(node, parsed._replace(gas=middle), header):
            high = middle
        else:
            low = middle
    return hex(high)


def _execute(node: Node, message: Message, block: Any, overrides: Any) -> ComputationAPI:
    if overrides:
        raise invalid("state overrides are not supported")
    header = parameters.existing_block(node, block)
    in_next_block = block in ("latest", "pending", None)
    return node.chain.execute(message, header, in_next_block=in_next_block)


def _succeeds(node: Node, message: Message, header: BlockHeaderAPI) -> bool:
    try:
        return not node.chain.execute(message, header, in_next_block=True).is_error
    except JsonRpcError:
        return False


def _raise_error(computation: ComputationAPI) -> None:
    if not computation.is_error:
        return
    if not isinstance(computation.error, Revert):
        raise rejected(str(computation.error) or type(computation.error).__name__)
    output = bytes(computation.output)
    reason = _reason(output)
    text = f"execution reverted: {reason}" if reason else "execution reverted"
    raise JsonRpcError(REVERTED, text, hex_data(output))


def _reason(output: bytes) -> str:
    try:
        return str(decode(["string"], output[4:])[0]) if output[:4] == _ERROR_SELECTOR else ""
    except AbiError:
        return ""
