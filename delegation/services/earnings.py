"""Claim or compound earnings (R42). Operators use the same services for their part."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from delegation.models import Position
from delegation.services.accrual import lock_settled_position
from delegation.services.position_store import pay_and_post, write_and_post
from delegation.services.positions import check_admission
from delegation.services.shares import clear_worthless, issue
from ledger import accounts
from protocol import pools
from protocol.errors import NothingToClaim, ProtocolError
from staking.models import Node
from staking.services import stakes
from staking.services.admission import check_minimum
from staking.services.epochs import lock_open_epoch
from staking.services.node_lock import lock
from staking.services.outcome import Claimed


def claim(*, node: str, wallet: str, now: datetime) -> Claimed:
    """Pay what the wallet earned on the node, whole µIFM; the fraction stays owed (R42).

    Raises: `not_found`, `nothing_to_claim`.
    """
    with transaction.atomic():
        locked = lock_settled_position(node, wallet)
        if locked.node.operator == wallet:
            return stakes.claim_operator(node=node, actor=wallet, now=now)
        amount = _take(locked.position)
        moves = {accounts.rewards(node): -amount, accounts.wallet(wallet): amount}
        cleared = clear_worthless(locked.node, locked.position, locked.epoch.number)
        store = write_and_post if cleared else pay_and_post
        posted = store(locked, kind="claim", moves=moves, at=now, reference=node)
        return Claimed(posted, locked.node, amount)


def claim_all(*, wallet: str, now: datetime) -> list[Claimed]:
    """Claim on every node where the wallet has earned something, as operator or delegator, all or nothing (R42).

    Raises: `nothing_to_claim`.
    """
    with transaction.atomic():
        lock_open_epoch()
        nodes = _earning(wallet)
        # All nodes before the first entry, by address: whoever waits for the wallet's account holds its node already.
        for node in nodes:
            lock(node)
        claimed = []
        for node in nodes:
            try:
                claimed.append(claim(node=node, wallet=wallet, now=now))
            except NothingToClaim:
                continue
        if not claimed:
            raise NothingToClaim
        return claimed


def compound(*, node: str, wallet: str, now: datetime) -> Claimed:
    """Claim and delegate to the same node in one step; an operator stakes. Refused whole, nothing is claimed (R42).

    Raises: `not_found`, `nothing_to_claim`, then what `delegate` raises.
    """
    with transaction.atomic():
        locked = lock_settled_position(node, wallet)
        if locked.node.operator == wallet:
            return stakes.compound_operator(node=node, actor=wallet, now=now)
        amount = _take(locked.position)
        check_minimum(amount, locked.epoch)
        check_admission(locked, amount)
        made = locked.epoch.newest(now)
        issue(locked.node, locked.position, amount, locked.epoch.number, {made: amount}, made)
        moves = {accounts.rewards(node): -amount, accounts.pool(node): amount}
        posted = write_and_post(locked, kind="compound", moves=moves, at=now, reference=node)
        return Claimed(posted, locked.node, amount)


def compound_all(*, wallet: str, now: datetime) -> list[Claimed]:
    """Compound on every node that takes it; earnings on the other nodes stay claimable (R42).

    Raises: `nothing_to_claim` when none takes anything.
    """
    with transaction.atomic():
        lock_open_epoch()
        compounded = []
        for node in _earning(wallet):
            try:
                compounded.append(compound(node=node, wallet=wallet, now=now))
            except ProtocolError:
                continue
        if not compounded:
            raise NothingToClaim("No node accepts compounding now. Claim your earnings instead.")
        return compounded


def _earning(wallet: str) -> list[str]:
    """The nodes that the wallet backs or runs, by address: the one order in which nodes are locked."""
    backed = Position.objects.filter(wallet=wallet).values_list("node__address", flat=True)
    run = Node.objects.filter(operator=wallet).values_list("address", flat=True)
    return sorted({*backed, *run})


def _take(position: Position) -> int:
    amount, position.owed = pools.take_claim(position.owed)
    if amount == 0:
        raise NothingToClaim
    position.claimed += amount
    return amount
