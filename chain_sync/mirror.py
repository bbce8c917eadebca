"""Credit tokens that were locked on the chain, exactly once (R54).

What a node says of the contract's state at a block is verified by a second node where there is one. Events are never
trusted: they are credited only if they make the contract's own rolling hash. Deposits, their postings and the
cursor are written in one transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import structlog
from django.db import transaction

from chain.configuration import ChainConfiguration
from chain.models import Deposit, MirrorCursor
from chain.node import Block, Node
from chain.problems import Problem
from chain.selectors import chain_status
from chain_sync.lock_events import Lock, TokenContract, chained, first_head
from chain_sync.observation import read_head, require_chain
from staking.models import Event
from staking.services.epochs import lock_open_epoch
from staking.services.exits import credit_deposit

log = structlog.get_logger(__name__)

# Deposits in one transaction: the open epoch cannot be settled meanwhile.
BATCH = 200


class Mirror:
    """Runs over one network's token contract. `second` confirms the contract's state."""

    def __init__(self, configuration: ChainConfiguration, node: Node, second: Node | None) -> None:
        self._configuration = configuration
        self._node = node
        self._token = TokenContract(node, configuration.token)
        self._second = TokenContract(second, configuration.token) if second else None

    def run(self, *, wall: datetime, now: datetime) -> list[Lock]:
        """Credit all deposits in final blocks; returns those that are not final yet, by index.

        `wall`: this machine's time, `now`: network time of the postings. Raises: Problem.
        """
        status = chain_status()
        require_chain(self._node, self._configuration, status)
        head = read_head(self._node, self._configuration, status, now=wall)
        cursor = self._cursor(head)
        final = self._final(cursor, head)
        if final is not None and self._is_deployed(cursor, final):
            self._follow(cursor, final, now)
        pending = self._pending(cursor, head)
        MirrorCursor.objects.filter(id=1).update(head_hash=head.hash, seen_at=wall)
        return pending

    def verify(self, *, wall: datetime) -> None:
        """Compare the cursor with the chain, and write nothing. Raises: Problem."""
        cursor = MirrorCursor.objects.filter(id=1).first()
        if cursor is None:
            return
        status = chain_status()
        require_chain(self._node, self._configuration, status)
        head = read_head(self._node, self._configuration, status, now=wall)
        self._token.require(self._configuration.settlement, head)
        block = self._block_of(cursor, head)
        count, lock_head = self._token.locks(block)
        if count < cursor.count or (count == cursor.count and "0x" + lock_head.hex() != cursor.lock_head):
            raise Problem("deposits_lost", count=cursor.count)

    def _cursor(self, head: Block) -> MirrorCursor:
        token, start = self._configuration.token, max(self._configuration.start_block - 1, 0)
        cursor = MirrorCursor.objects.filter(id=1).first()
        if cursor is None or (cursor.count == 0 and (cursor.token != token or cursor.recheck)):
            self._token.require(self._configuration.settlement, head)
            block = self._node.block(start)
            if block is None:
                raise Problem("lagging", host=self._node.host, head=head.number, seen=start)
            cursor = MirrorCursor(
                token=token, block=start, block_hash=block.hash, lock_head="0x" + self._first_head.hex()
            )
            cursor.save()
        if cursor.token != token:
            raise Problem("other_token", before=cursor.token, address=token)
        return cursor

    @property
    def _first_head(self) -> bytes:
        return first_head(self._configuration.chain_id, self._configuration.token)

    def _final(self, cursor: MirrorCursor, head: Block) -> Block | None:
        """The newest final block when it is above the cursor, whose block must still be part of the chain."""
        if not cursor.recheck:
            self._block_of(cursor, head)
        number = head.number - self._configuration.confirmations + 1
        if number < 0 or (number <= cursor.block and not cursor.recheck):
            return None
        final = self._node.block(number)
        if final is None:
            raise Problem("lagging", host=self._node.host, head=head.number, seen=number)
        return final

    def _block_of(self, cursor: MirrorCursor, head: Block) -> Block:
        """The cursor's block. Raises: Problem `deep_reorganization` when it is not part of the chain, `lagging`."""
        block = self._node.block(cursor.block)
        if block is None:
            raise Problem("lagging", host=self._node.host, head=head.number, seen=cursor.block)
        if block.hash != cursor.block_hash:
            raise Problem("deep_reorganization", block=cursor.block)
        return block

    def _is_deployed(self, cursor: MirrorCursor, final: Block) -> bool:
        """True if the final block has the token contract: on a new chain the newest block may have it alone."""
        return cursor.count > 0 or self._node.has_code(self._configuration.token, final)

    def _follow(self, cursor: MirrorCursor, final: Block, now: datetime) -> None:
        count, contract_head = self._token.locks(final)
        if count != cursor.count or cursor.recheck:
            self._require_second(final, (count, contract_head))
        if cursor.recheck:
            self._recheck(cursor, final, count, contract_head)
        locks: list[Lock] = []
        if count > cursor.count:
            events = self._token.events(cursor.block + 1, final.number)
            locks = chained(events, count=cursor.count, head=bytes.fromhex(cursor.lock_head[2:]))
        reached = locks[-1].head if locks else bytes.fromhex(cursor.lock_head[2:])
        if (cursor.count + len(locks), reached) != (count, contract_head):
            listed = cursor.count + len(locks)
            raise Problem("deposits_unproven", host=self._node.host, listed=listed, expected=count)
        for start in range(0, len(locks), BATCH):
            if not _credit(cursor, locks[start : start + BATCH], now):
                return
        self._advance(cursor, final)

    def _advance(self, cursor: MirrorCursor, final: Block) -> None:
        """Move the cursor to a final block up to which all deposits are credited."""
        released = cursor.released + self._token.released(cursor.block + 1, final.number)
        initial, minted, burned = self._token.supply(final)
        unchanged = MirrorCursor.objects.filter(id=1, count=cursor.count, block=cursor.block)
        unchanged.update(
            block=final.number,
            block_hash=final.hash,
            initial_supply=initial,
            minted=minted,
            burned=burned,
            released=released,
        )
        cursor.block, cursor.block_hash = final.number, final.hash

    def _recheck(self, cursor: MirrorCursor, final: Block, count: int, contract_head: bytes) -> None:
        """Compare all credited deposits with the chain as a person accepted it. Raises: Problem `deposits_lost`."""
        start = self._configuration.start_block
        locks = chained(self._token.events(start, final.number), count=0, head=self._first_head)
        heads = [self._first_head, *(lock.head for lock in locks)]
        if (len(locks), heads[-1]) != (count, contract_head):
            raise Problem("deposits_unproven", host=self._node.host, listed=len(locks), expected=count)
        if cursor.count > count or "0x" + heads[cursor.count].hex() != cursor.lock_head:
            raise Problem("deposits_lost", count=cursor.count)
        # Where the next deposit after those that are credited stands at the earliest.
        cursor.block = min(
            locks[cursor.count].block - 1 if cursor.count < count else final.number, final.number
        )
        block = self._node.block(cursor.block)
        if block is None:
            raise Problem("lagging", host=self._node.host, head=final.number, seen=cursor.block)
        cursor.block_hash, cursor.recheck = block.hash, False
        cursor.released = self._token.released(start, block.number)
        cursor.save(update_fields=["block", "block_hash", "recheck", "released"])

    def _require_second(self, final: Block, state: tuple[int, bytes]) -> None:
        if self._second is None:
            return
        node = self._second.node
        try:
            block = node.block(final.number)
            if block is None:
                raise Problem("second_node", block=final.number, detail=f"{node.host} has no such block")
            agrees = block.hash == final.hash and self._second.locks(final) == state
        except Problem as problem:
            if problem.code == "second_node":
                raise
            raise Problem("second_node", block=final.number, detail=problem.data.get("detail", "")) from None
        if not agrees:
            raise Problem("nodes_disagree", host=self._node.host, other=node.host, block=final.number)

    def _pending(self, cursor: MirrorCursor, head: Block) -> list[Lock]:
        """Locks above the final block, as far as the node lists them: they are shown and not stored."""
        count, _ = self._token.locks(head)
        if count <= cursor.count:
            return []
        first = max(cursor.block, head.number - self._configuration.confirmations) + 1
        events = self._token.events(first, head.number)
        return chained(events, count=cursor.count, head=bytes.fromhex(cursor.lock_head[2:]))


def _credit(cursor: MirrorCursor, locks: Sequence[Lock], now: datetime) -> bool:
    """Post deposits and move the cursor behind them, in one transaction; False when another process moved it."""
    with transaction.atomic():
        stored = MirrorCursor.objects.select_for_update().get(id=1)
        if (stored.count, stored.lock_head) != (cursor.count, cursor.lock_head):
            return False
        epoch = lock_open_epoch().number
        Deposit.objects.bulk_create(
            Deposit(
                index=lock.index,
                wallet=lock.wallet,
                amount=lock.amount,
                transaction=lock.transaction,
                log_index=lock.log_index,
                block=lock.block,
                posting=credit_deposit(wallet=lock.wallet, amount=lock.amount, index=lock.index, now=now),
                credited_at=now,
            )
            for lock in locks
        )
        Event.objects.bulk_create(_event(lock, epoch, now) for lock in locks)
        cursor.count, cursor.lock_head = locks[-1].index + 1, "0x" + locks[-1].head.hex()
        cursor.save(update_fields=["count", "lock_head"])
    log.info("deposits credited", first=locks[0].index, last=locks[-1].index)
    return True


def _event(lock: Lock, epoch: int, now: datetime) -> Event:
    data = {"amount": lock.amount, "transaction": lock.transaction}
    return Event(kind="deposit_credited", at=now, epoch=epoch, wallet=lock.wallet, data=data)
