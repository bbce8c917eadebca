"""The transactions that bring proofs of exits to the token contract (R55)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chain.contracts import load
from protocol.addresses import checksum
from protocol.merkle import Leaf

SIGNATURE = "prove(string,address,uint256,uint256,bytes32[])"


@dataclass(frozen=True, slots=True)
class ProveTransaction:
    """A call of the token contract that anyone may send. `kind` and `total` (µIFM) are those of its leaf."""

    kind: str
    total: int
    to: str
    data: str
    cast: str


def prove_transaction(token: str, leaf: Leaf, proof: Sequence[bytes], *, rpc: str) -> ProveTransaction:
    """The call of `prove` for a leaf, for any wallet and as a command line of Foundry. `rpc`: URL or shell variable."""
    data = load("IFM").call("prove", leaf.kind, leaf.address, leaf.amount, leaf.epoch, list(proof))
    hashes = ",".join("0x" + one.hex() for one in proof)
    address = checksum(token)
    cast = (
        f'cast send {address} "{SIGNATURE}" {leaf.kind} {checksum(leaf.address)} {leaf.amount} {leaf.epoch} '
        f'"[{hashes}]" --rpc-url {rpc} --interactive'
    )
    return ProveTransaction(leaf.kind, leaf.amount, address, "0x" + data.hex(), cast)
