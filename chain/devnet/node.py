"""A development node: a chain, its mempool, and when blocks are mined."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence

from eth.abc import BlockHeaderAPI, SignedTransactionAPI

from chain.devnet.blockchain import Blockchain
from chain.devnet.errors import JsonRpcError, rejected
from chain.devnet.mempool import Mempool
from chain.devnet.storage import Store

# Blocks above one that is called final.
FINALITY = 4
_MAX_BLOCKS = 1_000


class Node:
    """A chain with a mempool. Callers hold `lock` while they use it.

    With `automine` a transaction is mined as soon as it comes, else when `mine` is called.
    """

    def __init__(
        self, store: Store, chain_id: int, allocations: Mapping[str, int], *, automine: bool = True
    ) -> None:
        self.lock = threading.RLock()
        self.store = store
        self.automine = automine
        self.base_fee_floor = 0
        # Set whenever there is something to confirm.
        self.used = threading.Event()
        self.chain = Blockchain(store, chain_id, allocations)
        self.mempool = Mempool(store, chain_id)
        self.mempool.load(self.chain.decode)
        self.last_used = self._newest_with_transactions()

    def close(self) -> None:
        with self.lock:
            self.store.close()

    def submit(self, raw: bytes) -> bytes:
        """Add a signed transaction to the mempool; returns its hash, raises JsonRpcError."""
        transaction = self.chain.decode(raw)
        with self.store.transaction():
            self.mempool.add(transaction, self.chain.state(self.chain.head))
        if self.automine:
            self.mine()
        self.used.set()
        return bytes(transaction.hash)

    def mine(self, count: int = 1) -> BlockHeaderAPI:
        """Mine blocks, the first with what the mempool has; returns the new head."""
        if not 1 <= count <= _MAX_BLOCKS:
            raise rejected(f"between 1 and {_MAX_BLOCKS} blocks can be mined at once")
        for _ in range(count):
            with self.store.transaction():
                parent = self.chain.head
                base_fee = self.base_fee(parent)
                ready = self.mempool.executable(self.chain.state(parent), base_fee)
                self._seal(parent, ready)
                self.mempool.drop_stale(self.chain.state(self.chain.head))
        return self.chain.head

    def base_fee(self, parent: BlockHeaderAPI) -> int:
        """The base fee of the block after `parent`, in wei per gas."""
        return max(self.chain.next_base_fee(parent), self.base_fee_floor)

    def is_settled(self) -> bool:
        """True if every mined transaction is final and none can be mined now."""
        head = self.chain.head
        waiting = self.mempool.executable(self.chain.state(head), self.base_fee(head))
        return not waiting and head.block_number >= self.last_used + FINALITY

    def reorganize(self, depth: int, *, keep: bool, instead: Sequence[bytes] = ()) -> BlockHeaderAPI:
        """Replace the last `depth` blocks by a branch that is one block longer; returns the new head.

        The first of its blocks holds the transactions `instead`. What was mined before returns to the mempool
        when `keep`, else it is lost.
        """
        parent = self.chain.head
        if not 1 <= depth <= parent.block_number:
            raise rejected(f"between 1 and {parent.block_number} blocks can be replaced")
        removed: list[SignedTransactionAPI] = []
        for _ in range(depth):
            removed = [*self.chain.block(parent).transactions, *removed]
            ancestor = self.chain.header_of_hash(parent.parent_hash)
            assert ancestor is not None
            parent = ancestor
        replacements = [self.chain.decode(raw) for raw in instead]
        with self.store.transaction():
            for place in range(depth + 1):
                parent = self._seal(parent, replacements if place == 0 else [])
            self._return(removed if keep else [])
            self.last_used = self._newest_with_transactions()
        return self.chain.head

    def _seal(self, parent: BlockHeaderAPI, transactions: Sequence[SignedTransactionAPI]) -> BlockHeaderAPI:
        sealed = self.chain.seal(parent, transactions, self.base_fee(parent))
        for transaction in sealed.impossible:
            self.mempool.remove(transaction)
        if sealed.block.transactions:
            self.last_used = sealed.block.number
        return sealed.block.header

    def _return(self, transactions: Sequence[SignedTransactionAPI]) -> None:
        state = self.chain.state(self.chain.head)
        for transaction in transactions:
            try:
                self.mempool.add(transaction, state)
            except JsonRpcError:
                continue
        self.mempool.drop_stale(state)

    def _newest_with_transactions(self) -> int:
        number = self.chain.head.block_number
        for candidate in range(number, max(0, number - FINALITY), -1):
            header = self.chain.header(candidate)
            if header is not None and header.gas_used:
                return candidate
        return max(0, number - FINALITY)
