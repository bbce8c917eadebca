"""A development node in this process, called through its JSON-RPC dispatcher."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from chain import contracts
from chain.devnet.accounts import ALLOCATIONS, FAUCET, DevelopmentAccount
from chain.devnet.deployment import TOKEN, deploy
from chain.devnet.development_methods import DEVELOPMENT_METHODS, TEST_METHODS
from chain.devnet.dispatch import Dispatcher
from chain.devnet.methods import METHODS
from chain.devnet.node import Node
from chain.devnet.storage import Store
from chain.rpc import RpcRefused
from chain.transactions import SignedTransaction, Transaction, sign

CHAIN_ID = 31337
GWEI = 10**9
SOMEBODY = "0x" + "11" * 20


@dataclass
class Client:
    """Calls a node: `client("eth_blockNumber")`; raises RpcRefused as the client of a process does."""

    node: Node

    def __post_init__(self) -> None:
        self.dispatcher = Dispatcher(self.node, METHODS | DEVELOPMENT_METHODS | TEST_METHODS)

    def __call__(self, method: str, *parameters: Any) -> Any:
        request = {"jsonrpc": "2.0", "id": 7, "method": method, "params": parameters}
        answer = json.loads(self.dispatcher.answer(json.dumps(request).encode()))
        assert answer["id"] == 7
        if "error" in answer:
            error = answer["error"]
            raise RpcRefused(error["code"], error["message"], error.get("data"))
        return answer["result"]

    def number(self, method: str, *parameters: Any) -> int:
        return int(self(method, *parameters), 16)

    def signed(
        self,
        account: DevelopmentAccount = FAUCET,
        to: str | None = SOMEBODY,
        data: bytes = b"",
        **fields: int,
    ) -> SignedTransaction:
        """A signed transaction: by default of nothing to somebody, at the account's next nonce."""
        values = {
            "nonce": None,
            "tip": GWEI,
            "fee": 100 * GWEI,
            "gas": 100_000,
            "value": 0,
            "chain_id": CHAIN_ID,
        }
        values |= fields
        if values["nonce"] is None:
            values["nonce"] = self.number("eth_getTransactionCount", account.address, "pending")
        transaction = Transaction(
            values["chain_id"],
            values["nonce"],
            values["tip"],
            values["fee"],
            values["gas"],
            to,
            values["value"],
            data,
        )
        return sign(transaction, account.key)

    def send(self, *arguments: Any, **fields: Any) -> str:
        """The hash of a transaction that was signed and sent."""
        signed = self.signed(*arguments, **fields)
        assert self("eth_sendRawTransaction", "0x" + signed.raw.hex()) == signed.hash
        return signed.hash

    def token(self, function: str, *arguments: Any, block: Any = "latest") -> Any:
        """Return the result of a function of the token contract."""
        contract = contracts.load("IFM")
        data = "0x" + contract.call(function, *arguments).hex()
        return contract.result(
            function, bytes.fromhex(self("eth_call", {"to": TOKEN, "data": data}, block)[2:])
        )


def start(path: str = ":memory:", *, automine: bool = False, deployed: bool = True) -> Client:
    """A client of a new node, or of the one whose chain is in this file."""
    node = Node(Store(path), CHAIN_ID, ALLOCATIONS, automine=automine)
    if deployed:
        deploy(node)
    return Client(node)
