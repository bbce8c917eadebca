"""The contracts of a development chain: deployed at its first start, at addresses that are always the same."""

from __future__ import annotations

from typing import NamedTuple

from chain import contracts
from chain.devnet.accounts import FAUCET, GUARDIAN, ORACLE, OWNER, DevelopmentAccount
from chain.devnet.errors import rejected
from chain.devnet.node import Node
from chain.transactions import Transaction, contract_address, sign

NETWORK = b"inframind-devnet".ljust(32, b"\0")
# In µIFM; all of it belongs to the faucet.
INITIAL_SUPPLY = 10**15
FAUCET_ETHER = 10**18
FAUCET_TOKENS = 1_000 * 10**6
FAUCET_MAX_TOKENS = 1_000_000 * 10**6

# The owner's first two transactions create them.
SETTLEMENT = contract_address(OWNER.address, 0)
TOKEN = contract_address(OWNER.address, 1)

_TIP = 10**9


class Funding(NamedTuple):
    """The hashes of the faucet's two transactions: ether for gas, and tokens."""

    ether: bytes
    tokens: bytes


def deploy(node: Node) -> None:
    """Deploy what is not deployed yet; a start that was interrupted is completed."""
    roles = (OWNER.address, ORACLE.address, GUARDIAN.address)
    settlement = contracts.load("InfraMindSettlement").deployment(NETWORK, *roles, 0, 0, bytes(32), 0)
    token = contracts.load("IFM").deployment(SETTLEMENT, FAUCET.address, INITIAL_SUPPLY)
    for address, data in ((SETTLEMENT, settlement), (TOKEN, token)):
        if not _has_code(node, address) and len(node.mempool):
            # A start that was killed left the deployment here: a second one would get the next nonce and address.
            node.mine()
        if not _has_code(node, address):
            _send(node, OWNER, None, data, gas=3_000_000)
            if not node.automine:
                node.mine()
        if not _has_code(node, address):
            raise RuntimeError(f"the contract at {address} could not be deployed")


def fund(node: Node, address: str, tokens: int) -> Funding:
    """Send ether for gas and µIFM from the faucet; raises JsonRpcError."""
    if not 0 < tokens <= FAUCET_MAX_TOKENS:
        raise rejected(f"the faucet gives between 1 and {FAUCET_MAX_TOKENS} µIFM at a time")
    transfer = contracts.load("IFM").call("transfer", address, tokens)
    ether = _send(node, FAUCET, address, b"", gas=100_000, value=FAUCET_ETHER)
    return Funding(ether, _send(node, FAUCET, TOKEN, transfer, gas=100_000))


def _send(
    node: Node, account: DevelopmentAccount, to: str | None, data: bytes, *, gas: int, value: int = 0
) -> bytes:
    """Sign and submit a transaction; returns its hash."""
    head = node.chain.head
    sender = bytes.fromhex(account.address[2:])
    nonce = node.mempool.next_nonce(sender, node.chain.state(head).get_nonce(sender))  # type: ignore[arg-type]
    fee = 2 * node.base_fee(head) + _TIP
    transaction = Transaction(node.chain.chain_id, nonce, _TIP, fee, gas, to, value, data)
    return node.submit(sign(transaction, account.key).raw)


def _has_code(node: Node, address: str) -> bool:
    state = node.chain.state(node.chain.head)
    return bool(state.get_code(bytes.fromhex(address[2:])))  # type: ignore[arg-type]
