"""Delegate to a node, and undelegate (R12–R15)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from delegation.services.accrual import lock_settled_position
from delegation.services.outcome import Held
from delegation.services.position_store import LockedPosition, save, write_and_post, write_unbonding
from delegation.services.shares import burn, issue
from ledger import accounts
from protocol import pools
from protocol.addresses import checksum
from protocol.errors import AmountTooSmall, OwnNode
from staking.models import Node
from staking.services.admission import check_delegations_open, check_minimum, check_node_status


def delegate(*, node: str, amount: int, wallet: str, now: datetime) -> Held:
    """Move `amount` µIFM of a wallet into a node's pool; pending until the next epoch opens (R12–R14).

    Raises: `amount_too_small`, `not_found`, `own_node`, `node_banned`, `node_retired`, `pending_slash`,
    `node_cooldown`, `delegation_cap_exceeded`, `insufficient_balance`.
    """
    if amount <= 0:
        raise AmountTooSmall("Enter an amount above 0.", field="amount")
    with transaction.atomic():
        locked = lock_settled_position(node, wallet)
        check_not_own(locked.node, wallet)
        check_minimum(amount, locked.epoch)
        check_admission(locked, amount)
        made = locked.epoch.newest(now)
        issue(locked.node, locked.position, amount, locked.epoch.number, {made: amount}, made)
        moves = {accounts.wallet(wallet): -amount, accounts.pool(node): amount}
        posted = write_and_post(locked, kind="delegate", moves=moves, at=now, reference=node)
        return Held(posted, locked.node, locked.position)


def undelegate(*, node: str, amount: int | None, wallet: str, now: datetime) -> Held:
    """Start to unbond `amount` µIFM (None: all) of a wallet's delegation; pending shares are burned first (R15).

    All of shares that are worth 0 burns them: then there is no transaction and no entry.

    Raises: `amount_too_small` for 0, `not_found`, `insufficient_balance`.
    """
    if amount is not None and amount <= 0:
        raise AmountTooSmall("Enter an amount above 0.", field="amount")
    with transaction.atomic():
        locked = lock_settled_position(node, wallet)
        burned = burn(locked.node, locked.position, amount, locked.epoch.number)
        if burned.amount == 0:
            save(locked)
            return Held(None, locked.node, locked.position)
        moves = {accounts.pool(node): -burned.amount, accounts.unbonding(node): burned.amount}
        posted, entry = write_unbonding(
            locked, burned, kind="undelegate", moves=moves, at=now, reference=node
        )
        return Held(posted, locked.node, locked.position, entry)


def check_not_own(node: Node, wallet: str) -> None:
    """Raises: `own_node` when the wallet runs the node."""
    if node.operator == wallet:
        raise OwnNode(extra={"node": checksum(node.address)})


def check_admission(locked: LockedPosition, amount: int) -> None:
    """Refuse `amount` µIFM for a settled position as its node refuses them, in the order of R12.

    Raises: `node_banned`, `node_retired`, `pending_slash`, `node_cooldown`, `delegation_cap_exceeded`,
    `amount_too_small` when no share would be issued.
    """
    node = locked.node
    check_node_status(node)
    check_delegations_open(node, locked.epoch, amount, pending_slash=locked.pending_slash)
    pools.issue_shares(amount, node.pool.tokens, node.pool.shares, locked.position.shares)
