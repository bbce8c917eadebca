"""The token contract: its supply, and its list of locks, numbered events with a rolling hash (R54)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from chain import contracts, log_ranges
from chain.abi import encode
from chain.node import Block, Log, Node, Reverted
from chain.problems import Problem
from protocol.addresses import keccak256


@dataclass(frozen=True, slots=True)
class Lock:
    """Tokens that a wallet locked: `index` counts from 0, `amount` in µIFM, `head` is the hash up to this lock."""

    index: int
    wallet: str
    amount: int
    transaction: str
    log_index: int
    block: int
    head: bytes


class TokenContract:
    """Reads of the token contract at its address."""

    def __init__(self, node: Node, address: str) -> None:
        self.node = node
        self.address = address
        self.contract = contracts.load("IFM")

    def require(self, settlement: str, at: Block) -> None:
        """Raises: Problem `no_token`."""
        try:
            owner = self.node.call(self.contract, self.address, "SETTLEMENT", at=at)
        except Reverted:
            owner = None
        except Problem as problem:
            # An account without code answers with nothing.
            if problem.code != "unreachable" or self.node.has_code(self.address, at):
                raise
            owner = None
        if owner != settlement:
            raise Problem("no_token", address=self.address)

    def locks(self, at: Block) -> tuple[int, bytes]:
        """The number of locks so far, and their rolling hash."""
        count = self.node.number(self.contract, self.address, "lock_count", at=at, bits=63)
        return count, bytes(self.node.call(self.contract, self.address, "lock_head", at=at))

    def supply(self, at: Block) -> tuple[int, int, int]:
        """The initial supply, and all that proofs minted and burned, in µIFM."""
        names = ("INITIAL_SUPPLY", "minted", "burned")
        initial, minted, burned = (
            self.node.number(self.contract, self.address, name, at=at, bits=63) for name in names
        )
        return initial, minted, burned

    def released(self, first: int, last: int) -> int:
        """µIFM that proofs unlocked in blocks `first` to `last`, as far as the node lists them."""
        events = self.events(first, last, "Proven")
        return sum(int(log.fields["amount"]) for log in events if log.fields["kind"] == "released")

    def events(self, first: int, last: int, event: str = "Locked") -> Iterator[Log]:
        """The events of one name of blocks `first` to `last`. Raises: Problem `node_error`."""
        return log_ranges.events(self.node, self.contract, self.address, (event,), first, last)


def first_head(chain_id: int, token: str) -> bytes:
    """The rolling hash of a token contract without locks."""
    return keccak256(encode(["uint256", "address"], [chain_id, token]))


def chained(logs: Iterable[Log], *, count: int, head: bytes) -> list[Lock]:
    """The locks that continue `count` earlier ones with the hash `head`, in order, as far as the events go.

    Whether they are the contract's, its own hash at the same block says.
    """
    by_index = {log.fields["index"]: log for log in logs}
    locks = []
    while (log := by_index.get(count)) is not None:
        wallet, amount = str(log.fields["account"]), int(log.fields["amount"])
        head = keccak256(encode(["bytes32", "uint256", "address", "uint256"], [head, count, wallet, amount]))
        locks.append(Lock(count, wallet, amount, log.transaction, log.log_index, log.block, head))
        count += 1
    return locks
