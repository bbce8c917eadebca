"""Methods that only a development chain has: the faucet, and, for tests, control of mining and the mempool."""

from __future__ import annotations

from typing import Any

from chain.devnet import deployment, parameters
from chain.devnet.deployment import FAUCET_TOKENS
from chain.devnet.encoding import hex_data
from chain.devnet.errors import invalid
from chain.devnet.methods import Method
from chain.devnet.node import Node


def faucet(node: Node, account: Any, tokens: Any = FAUCET_TOKENS) -> dict[str, str]:
    """Send one ether and µIFM, 1,000 IFM by default, to an account; returns the two transactions' hashes."""
    address = "0x" + parameters.address(account).hex()
    funding = deployment.fund(node, address, parameters.quantity(tokens))
    return {"ether": hex_data(funding.ether), "tokens": hex_data(funding.tokens)}


def mine(node: Node, count: Any = 1) -> str:
    """Mine blocks; returns the hash of the last."""
    return hex_data(node.mine(parameters.quantity(count)).hash)


def reorganize(node: Node, depth: Any, keep: Any = False, instead: Any = None) -> str:
    """Replace the last blocks (see Node.reorganize); returns the hash of the new head."""
    if not isinstance(keep, bool) or not isinstance(instead, list | None):
        raise invalid("devnet_reorganize takes a number, a boolean and a list of raw transactions")
    replacements = [parameters.data(raw) for raw in instead or []]
    return hex_data(node.reorganize(parameters.quantity(depth), keep=keep, instead=replacements).hash)


def drop_transactions(node: Node) -> int:
    """Empty the mempool; returns how many transactions were lost."""
    count = len(node.mempool)
    with node.store.transaction():
        node.mempool.clear()
    return count


def set_automine(node: Node, automine: Any) -> bool:
    """Mine every transaction at once, or only when `evm_mine` is called."""
    if not isinstance(automine, bool):
        raise invalid("evm_setAutomine takes true or false")
    node.automine = automine
    return automine


def set_base_fee(node: Node, wei: Any) -> str:
    """Set the lowest base fee of later blocks."""
    node.base_fee_floor = parameters.quantity(wei)
    return hex(node.base_fee_floor)


DEVELOPMENT_METHODS: dict[str, Method] = {"devnet_faucet": faucet}
TEST_METHODS: dict[str, Method] = {
    "evm_mine": mine,
    "evm_setAutomine": set_automine,
    "devnet_reorganize": reorganize,
    "devnet_dropTransactions": drop_transactions,
    "devnet_setBaseFeeFloor": set_base_fee,
}
