"""The accounts of every development chain. Their keys are public: anything sent to them on a real chain is lost."""

from __future__ import annotations

from typing import NamedTuple

from protocol.addresses import keccak256
from protocol.signatures import address_of_private_key

ETHER = 10**18


class DevelopmentAccount(NamedTuple):
    """A private key that follows from a name, and its address in lower case."""

    key: bytes
    address: str


def _account(name: str) -> DevelopmentAccount:
    key = keccak256(f"inframind development chain: {name}".encode())
    return DevelopmentAccount(key, address_of_private_key(key))


OWNER = _account("owner")
ORACLE = _account("oracle")
GUARDIAN = _account("guardian")
FAUCET = _account("faucet")

# At the genesis, in wei.
ALLOCATIONS = {account.address: 1_000_000 * ETHER for account in (OWNER, ORACLE, GUARDIAN, FAUCET)}
