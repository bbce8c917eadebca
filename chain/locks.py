"""The transaction that locks tokens in the protocol (R54)."""

from __future__ import annotations

from dataclasses import dataclass

from chain.configuration import ChainConfiguration
from chain.contracts import load
from protocol.addresses import checksum


@dataclass(frozen=True, slots=True)
class LockTransaction:
    """A call of the token contract that the owner of the tokens sends. `cast`: as a command line of Foundry."""

    to: str
    data: str
    cast: str


def lock_transaction(configuration: ChainConfiguration, amount: int) -> LockTransaction:
    """The call of `lock` for an amount in µIFM."""
    token = checksum(configuration.token)
    # The address of a node that is not the development chain's can contain a secret.
    rpc = configuration.rpc_urls[0] if configuration.embedded else '"$ETH_RPC_URL"'
    cast = f'cast send {token} "lock(uint256)" {amount} --rpc-url {rpc} --interactive'
    return LockTransaction(token, "0x" + load("IFM").call("lock", amount).hex(), cast)
