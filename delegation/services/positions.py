"""Any wallet backs a node with its tokens, and takes them back (R12–R15)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from delegation.services.accrual import lock_settled_position
from delegation.services.outcome import Held
from delegation.services.position_store import write_and_post, write_unbonding
from delegation.services.shares import enter, leave
from ledger import accounts
from protocol import pools
from protocol.errors import AmountTooSmall, OwnNode
from staking.models import Node
from staking.services.admission import check_delegations_open, check_minimum, check_standing
from staking.services.epochs import EpochParameters


def delegate(*, node: str, amount: int, wallet: str, now: datetime) -> Held:
    """Move `amount` µIFM of a wallet into a node's pool; pending until the next epoch opens (R12–R14).

    Raises: `amount_too_small`, `not_found`, `own_node`, `node_banned`, `node_retired`, `pending_slash`,
    `node_cooldown`, `delegation_cap_exceeded`, `insufficient_balance`.
    """
    if amount <= 0:
        raise AmountTooSmall("Give an amount above 0.", field="amount")
    with transaction.atomic():
        found = lock_settled_position(node, wallet)
        check_not_own(found.node, wallet)
        check_admission(found.node, amount, found.epoch, pending_slash=found.pending_slash)
        enter(found.node, found.position, amount, found.epoch.number)
        moves = {accounts.wallet(wallet): -amount, accounts.pool(node): amount}
        posted = write_and_post(found, kind="delegate", moves=moves, at=now, reference=node)
        return Held(posted, found.node, found.position)


def undelegate(*, node: str, amount: int | None, wallet: str, now: datetime) -> Held:
    """Start to unbond `amount` µIFM (None: all) of a wallet's delegation; pending shares leave first (R15).

    Raises: `amount_too_small` for 0, `not_found`, `insufficient_balance`.
    """
    if amount is not None and amount <= 0:
        raise AmountTooSmall("Give an amount above 0.", field="amount")
    with transaction.atomic():
        found = lock_settled_position(node, wallet)
        leaving = leave(found.node, found.position, amount, found.epoch.number)
        moves = {accounts.pool(node): -leaving, accounts.unbonding(node): leaving}
        posted, entry = write_unbonding(
            found, leaving, kind="undelegate", moves=moves, at=now, reference=node
        )
        return Held(posted, found.node, found.position, entry)


def check_not_own(node: Node, wallet: str) -> None:
    """Raises: `own_node` when the wallet runs the node."""
    if node.operator == wallet:
        raise OwnNode(extra={"node": node.address})


def check_admission(node: Node, amount: int, epoch: EpochParameters, *, pending_slash: bool) -> None:
    """Everything for which a node refuses µIFM, in the order of R12.

    Raises: `amount_too_small`, `node_banned`, `node_retired`, `pending_slash`, `node_cooldown`,
    `delegation_cap_exceeded`.
    """
    check_minimum(amount, epoch)
    check_standing(node)
    check_delegations_open(node, epoch, amount, pending_slash=pending_slash)
    pools.enter(amount, node.pool.tokens, node.pool.shares)
