"""The chain itself on py-evm: blocks, state, receipts and execution."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, cast

from eth.abc import (
    BlockAPI,
    BlockHeaderAPI,
    ComputationAPI,
    DatabaseAPI,
    ReceiptAPI,
    SignedTransactionAPI,
    StateAPI,
)
from eth.chains.base import Chain
from eth.constants import (
    BLANK_ROOT_HASH,
    POST_MERGE_DIFFICULTY,
    POST_MERGE_MIX_HASH,
    POST_MERGE_NONCE,
)
from eth.db.atomic import AtomicDB
from eth.exceptions import CanonicalHeadNotFound, HeaderNotFound, TransactionNotFound
from eth.vm.forks.prague import PragueVM
from eth.vm.spoof import SpoofTransaction
from eth_typing import Address, BlockNumber, Hash32
from eth_utils import ValidationError

from chain.devnet.errors import rejected
from chain.devnet.storage import Store

GAS_LIMIT = 30_000_000


class Message(NamedTuple):
    """A call that is executed without a transaction."""

    sender: bytes
    to: bytes
    gas: int
    value: int
    data: bytes


class Place(NamedTuple):
    """Block and index of a mined transaction."""

    header: BlockHeaderAPI
    position: int


@dataclass
class Sealed:
    """A new block, and the transactions that could not be executed at all."""

    block: BlockAPI
    impossible: list[SignedTransactionAPI]


class DevelopmentVM(PragueVM):
    """Prague, with base fees that tests can raise."""

    @classmethod
    def validate_gas(cls, header: BlockHeaderAPI, parent_header: BlockHeaderAPI) -> None:
        pass


class Blockchain:
    """A chain in a store, with these balances at its genesis. Not safe for threads: the node holds a lock."""

    def __init__(self, store: Store, chain_id: int, allocations: Mapping[str, int]) -> None:
        self.chain_id = chain_id
        kind = _chain_class(chain_id)
        database = AtomicDB(cast(DatabaseAPI, store))
        self._chain = kind(database)
        try:
            self._chain.get_canonical_head()
        except CanonicalHeadNotFound:
            with store.transaction():
                kind.from_genesis(database, _genesis(), _state(allocations))

    # Blocks

    @property
    def head(self) -> BlockHeaderAPI:
        return self._chain.get_canonical_head()

    def header(self, number: int) -> BlockHeaderAPI | None:
        """The canonical header of a number."""
        try:
            return self._chain.get_canonical_block_header_by_number(BlockNumber(number))
        except HeaderNotFound:
            return None

    def header_of_hash(self, block_hash: bytes) -> BlockHeaderAPI | None:
        """The header with a hash, on the canonical branch or another one."""
        try:
            return self._chain.get_block_header_by_hash(Hash32(block_hash))
        except HeaderNotFound:
            return None

    def is_canonical(self, header: BlockHeaderAPI) -> bool:
        canonical = self.header(header.block_number)
        return canonical is not None and canonical.hash == header.hash

    def block(self, header: BlockHeaderAPI) -> BlockAPI:
        return self._chain.get_block_by_header(header)

    def receipts(self, header: BlockHeaderAPI) -> tuple[ReceiptAPI, ...]:
        return tuple(self.block(header).get_receipts(self._chain.chaindb))

    def find(self, transaction_hash: bytes) -> Place | None:
        """The position of a transaction on the canonical branch."""
        try:
            number, index = self._chain.chaindb.get_transaction_index(Hash32(transaction_hash))
        except TransactionNotFound:
            return None
        # py-evm keeps the entries of blocks that a reorganisation removed.
        header = self.header(number)
        transactions = self.block(header).transactions if header else ()
        if header is None or index >= len(transactions) or transactions[index].hash != transaction_hash:
            return None
        return Place(header, index)

    def decode(self, raw: bytes) -> SignedTransactionAPI:
        """The transaction in raw bytes; raises JsonRpcError."""
        try:
            transaction = self._chain.get_vm().get_transaction_builder().decode(raw)
            transaction.validate()
        except Exception as error:  # noqa: BLE001 - decoders raise errors of many libraries
            raise rejected(f"invalid transaction: {type(error).__name__}") from None
        return transaction

    def next_base_fee(self, parent: BlockHeaderAPI) -> int:
        return int(self._chain.create_header_from_parent(parent).base_fee_per_gas or 0)

    def seal(
        self,
        parent: BlockHeaderAPI,
        transactions: Sequence[SignedTransactionAPI],
        base_fee: int | None = None,
    ) -> Sealed:
        """Build and store the block after `parent`; it is the new head when its branch is the longest."""
        header = self._next_header(parent, base_fee)
        vm = self._chain.get_vm(header)
        included, receipts, impossible = [], [], []
        for transaction in transactions:
            before = vm.state.snapshot()
            try:
                receipt, _ = vm.apply_transaction(header, transaction)
            except ValidationError:
                vm.state.revert(before)
                impossible.append(transaction)
                continue
            header = vm.add_receipt_to_header(header, receipt)
            included.append(transaction)
            receipts.append(receipt)
        filled = vm.set_block_transactions_and_withdrawals(vm.get_block(), header, included, receipts)
        block = vm.mine_block(filled).block
        self._chain.persist_block(block, perform_validation=False)
        return Sealed(block, impossible)

    # State and execution

    def state(self, header: BlockHeaderAPI) -> StateAPI:
        """The state after a block."""
        return self._chain.get_vm(header).state

    def execute(self, message: Message, header: BlockHeaderAPI, *, in_next_block: bool) -> ComputationAPI:
        """Execute a message on the state after a block, in that block or in the one that would come now."""
        context = self._next_header(header) if in_next_block else header
        vm = self._chain.get_vm(context.copy(base_fee_per_gas=0, state_root=header.state_root))
        try:
            unsigned = vm.get_transaction_builder().create_unsigned_transaction(
                nonce=vm.state.get_nonce(Address(message.sender)),
                gas_price=0,
                gas=message.gas,
                to=Address(message.to),
                value=message.value,
                data=message.data,
            )
            transaction: Any = SpoofTransaction(unsigned, from_=message.sender)
            return vm.state.costless_execute_transaction(transaction)
        except ValidationError as error:
            raise rejected(f"invalid message: {error}") from None

    def _next_header(self, parent: BlockHeaderAPI, base_fee: int | None = None) -> BlockHeaderAPI:
        header = self._chain.create_header_from_parent(
            parent,
            timestamp=max(int(time.time()), parent.timestamp + 1),
            gas_limit=GAS_LIMIT,
            coinbase=Address(bytes(20)),
            # A block of its own, even with the content and the second of another.
            mix_hash=Hash32(os.urandom(32)),
        )
        return header if base_fee is None else header.copy(base_fee_per_gas=base_fee)


def _chain_class(chain_id: int) -> type[Chain]:
    class DevelopmentChain(Chain):
        vm_configuration = ((BlockNumber(0), DevelopmentVM),)

    DevelopmentChain.chain_id = chain_id
    return DevelopmentChain


def _genesis() -> dict[str, Any]:
    return {
        "coinbase": Address(bytes(20)),
        "difficulty": POST_MERGE_DIFFICULTY,
        "extra_data": b"inframind development chain",
        "gas_limit": GAS_LIMIT,
        "mix_hash": POST_MERGE_MIX_HASH,
        "nonce": POST_MERGE_NONCE,
        "receipt_root": BLANK_ROOT_HASH,
        "timestamp": int(time.time()),
        "transaction_root": BLANK_ROOT_HASH,
    }


def _state(allocations: Mapping[str, int]) -> dict[Address, Any]:
    return {
        Address(bytes.fromhex(address[2:])): {"balance": balance, "nonce": 0, "code": b"", "storage": {}}
        for address, balance in allocations.items()
    }
