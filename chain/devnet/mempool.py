"""The mempool: transactions that wait to be mined, by sender and nonce."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from eth.abc import SignedTransactionAPI, StateAPI

from chain.devnet.blockchain import GAS_LIMIT
from chain.devnet.errors import rejected
from chain.devnet.storage import Store

# As geth: a replacement pays at least a tenth more.
_PRICE_BUMP = 10
_CAPACITY = 4_096
_MAX_GAS = 16_777_216  # EIP-7825
_TYPES = (None, 1, 2)


class Mempool:
    """The waiting transactions of a chain, in memory and in its store."""

    def __init__(self, store: Store, chain_id: int) -> None:
        self._store = store
        self._chain_id = chain_id
        self._queues: dict[bytes, dict[int, SignedTransactionAPI]] = {}

    def load(self, decode: Callable[[bytes], SignedTransactionAPI]) -> None:
        """Read the transactions that were waiting when the process ended."""
        for raw in self._store.pooled():
            transaction = decode(raw)
            self._queues.setdefault(transaction.sender, {})[transaction.nonce] = transaction

    def __iter__(self) -> Iterator[SignedTransactionAPI]:
        for queue in self._queues.values():
            yield from queue.values()

    def __len__(self) -> int:
        return sum(map(len, self._queues.values()))

    def find(self, transaction_hash: bytes) -> SignedTransactionAPI | None:
        return next((transaction for transaction in self if transaction.hash == transaction_hash), None)

    def next_nonce(self, sender: bytes, nonce: int) -> int:
        """The nonce after those that wait, `nonce` being the first that was not mined."""
        queue = self._queues.get(sender, {})
        while nonce in queue:
            nonce += 1
        return nonce

    def add(self, transaction: SignedTransactionAPI, state: StateAPI) -> None:
        """Add a transaction; raises JsonRpcError when it cannot be mined or replaces one with too low a fee."""
        self._check(transaction, state)
        replaced = self._queues.get(transaction.sender, {}).get(transaction.nonce)
        if replaced is not None:
            _check_replacement(replaced, transaction)
            self._store.unpool(replaced.hash)
        elif len(self) >= _CAPACITY:
            raise rejected("txpool is full")
        self._queues.setdefault(transaction.sender, {})[transaction.nonce] = transaction
        self._store.pool(transaction.hash, transaction.encode())

    def remove(self, transaction: SignedTransactionAPI) -> None:
        queue = self._queues.get(transaction.sender, {})
        if queue.get(transaction.nonce) is transaction:
            del queue[transaction.nonce]
            self._store.unpool(transaction.hash)
        if not queue:
            self._queues.pop(transaction.sender, None)

    def clear(self) -> None:
        for transaction in list(self):
            self.remove(transaction)

    def executable(self, state: StateAPI, base_fee: int) -> list[SignedTransactionAPI]:
        """Return the transactions of the next block: per sender by nonce, senders by the tip of their first one."""
        chosen: list[SignedTransactionAPI] = []
        gas = 0
        for queue in sorted(self._queues.values(), key=lambda queue: -_tip(queue[min(queue)], base_fee)):
            sender = next(iter(queue.values())).sender
            nonce, balance = state.get_nonce(sender), state.get_balance(sender)
            while (transaction := queue.get(nonce)) is not None:
                balance -= _cost(transaction)
                gas += transaction.gas
                if balance < 0 or gas > GAS_LIMIT or transaction.max_fee_per_gas < base_fee:
                    gas -= transaction.gas
                    break
                chosen.append(transaction)
                nonce += 1
        return chosen

    def drop_stale(self, state: StateAPI) -> None:
        """Remove the transactions whose nonce was used."""
        for transaction in list(self):
            if transaction.nonce < state.get_nonce(transaction.sender):
                self.remove(transaction)

    def _check(self, transaction: SignedTransactionAPI, state: StateAPI) -> None:
        nonce = state.get_nonce(transaction.sender)
        if transaction.type_id not in _TYPES:
            raise rejected("transaction type not supported")
        if self.find(transaction.hash) is not None:
            raise rejected("already known")
        if transaction.chain_id != self._chain_id:
            raise rejected(
                f"invalid chain id for signer: have {transaction.chain_id} want {self._chain_id}"
                if transaction.chain_id
                else "only replay-protected (EIP-155) transactions allowed over RPC"
            )
        if transaction.nonce < nonce:
            raise rejected(f"nonce too low: next nonce {nonce}, tx nonce {transaction.nonce}")
        if transaction.max_priority_fee_per_gas > transaction.max_fee_per_gas:
            raise rejected("max priority fee per gas higher than max fee per gas")
        if transaction.gas > _MAX_GAS:
            raise rejected("transaction gas limit too high")
        if transaction.gas < transaction.intrinsic_gas:
            raise rejected(f"intrinsic gas too low: have {transaction.gas}, want {transaction.intrinsic_gas}")
        if state.get_balance(transaction.sender) < _cost(transaction):
            raise rejected("insufficient funds for gas * price + value")


def _check_replacement(replaced: SignedTransactionAPI, transaction: SignedTransactionAPI) -> None:
    fees = (
        (replaced.max_fee_per_gas, transaction.max_fee_per_gas),
        (replaced.max_priority_fee_per_gas, transaction.max_priority_fee_per_gas),
    )
    if any(new * 100 < old * (100 + _PRICE_BUMP) for old, new in fees):
        raise rejected("replacement transaction underpriced")


def _cost(transaction: SignedTransactionAPI) -> int:
    return transaction.gas * transaction.max_fee_per_gas + transaction.value


def _tip(transaction: SignedTransactionAPI, base_fee: int) -> int:
    return min(transaction.max_priority_fee_per_gas, transaction.max_fee_per_gas - base_fee)
