"""Anvil in the place of the development node: other names for what the tests of the submitter make it do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from chain import contracts
from chain.devnet.accounts import FAUCET, GUARDIAN, ORACLE, OWNER
from chain.devnet.deployment import INITIAL_SUPPLY, NETWORK, SETTLEMENT
from chain.rpc import Rpc
from tests.chain.devnet.client import Client

NAMES = {
    "evm_mine": "anvil_mine",
    "devnet_setBaseFeeFloor": "anvil_setNextBlockBaseFeePerGas",
    "devnet_dropTransactions": "anvil_dropAllTransactions",
}


class AnvilClient(Client):
    """Calls anvil, which mines when it is told to."""

    def __init__(self, url: str) -> None:
        self._rpc = Rpc(url)

    def __call__(self, method: str, *parameters: Any) -> Any:
        if method == "evm_mine":
            parameters = tuple(map(hex, parameters or (1,)))
        return self._rpc(NAMES.get(method, method), *parameters)


@contextmanager
def anvil(url: str) -> Iterator[AnvilClient]:
    """A client of an anvil with both contracts; what the test does is undone."""
    client = AnvilClient(url)
    before = client("evm_snapshot")
    client("evm_setAutomine", False)
    for account in (FAUCET, GUARDIAN, ORACLE, OWNER):
        client("anvil_setBalance", account.address, hex(10**24))
    roles = (OWNER.address, ORACLE.address, GUARDIAN.address)
    settlement = contracts.load("InfraMindSettlement").deployment(NETWORK, *roles, 0, 0, bytes(32), 0)
    token = contracts.load("IFM").deployment(SETTLEMENT, FAUCET.address, INITIAL_SUPPLY)
    for data in (settlement, token):
        client.send(OWNER, None, data, gas=3_000_000)
        client("evm_mine")
    assert len(client("eth_getCode", SETTLEMENT, "latest")) > 2
    yield client
    client("evm_revert", before)
