"""Any wallet backs a node with its tokens, and takes them back (R12–R15)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from delegation.services.accrual import touched
from delegation.services.outcome import Held
from delegation.services.shares import add_shares, take_shares
from staking.ledger import accounts
from staking.ledger.posting import post
from staking.models import Node
from staking.protocol import pools
from staking.protocol.errors import AmountTooSmall, OwnNode
from staking.services.admission import check_delegations_open, check_minimum, check_standing
from staking.services.epochs import OpenEpoch, lock_open_epoch
from staking.services.node_lock import lock
from staking.services.unbondings import enter_bucket


def delegate(*, node: str, amount: int, wallet: str, now: datetime) -> Held:
    """Move `amount` µIFM of a wallet into a node's pool; pending until the next epoch opens (R12–R14).

    Raises: `amount_too_small`, `not_found`, `own_node`, `node_banned`, `node_retired`, `pending_slash`,
    `node_cooldown`, `delegation_cap_exceeded`, `insufficient_balance`.
    """
    if amount <= 0:
        raise AmountTooSmall("Give an amount above 0.", field="amount")
    with transaction.atomic():
        epoch = lock_open_epoch()
        found = lock(node)
        check_not_own(found, wallet)
        check_admission(found, amount, epoch)
        position = touched(found, wallet, epoch.number)
        add_shares(found, position, amount, epoch.number)
        posted = post(
            kind="delegate",
            moves={accounts.wallet(wallet): -amount, accounts.pool(node): amount},
            at=now,
            epoch=epoch.number,
            reference=node,
            actor=wallet,
        )
        return Held(posted, found, position)


def undelegate(*, node: str, amount: int | None, wallet: str, now: datetime) -> Held:
    """Start to unbond `amount` µIFM (None: all) of a wallet's delegation; pending shares leave first (R15).

    Raises: `amount_too_small` for 0, `not_found`, `insufficient_balance`.
    """
    if amount is not None and amount <= 0:
        raise AmountTooSmall("Give an amount above 0.", field="amount")
    with transaction.atomic():
        epoch = lock_open_epoch()
        found = lock(node)
        position = touched(found, wallet, epoch.number)
        leaving = take_shares(found, position, amount, epoch.number)
        posted = post(
            kind="undelegate",
            moves={accounts.pool(node): -leaving, accounts.unbonding(node): leaving},
            at=now,
            epoch=epoch.number,
            reference=node,
            actor=wallet,
        )
        entry = enter_bucket(
            node=found, wallet=wallet, kind="delegated", amount=leaving, epoch=epoch, now=now
        )
        return Held(posted, found, position, entry)


def check_not_own(node: Node, wallet: str) -> None:
    """Raises: `own_node` when the wallet runs the node."""
    if node.operator == wallet:
        raise OwnNode(extra={"node": node.address})


def check_admission(node: Node, amount: int, epoch: OpenEpoch) -> None:
    """Everything for which a node refuses µIFM, in the order of R12.

    Raises: `amount_too_small`, `node_banned`, `node_retired`, `pending_slash`, `node_cooldown`,
    `delegation_cap_exceeded`.
    """
    check_minimum(amount, epoch)
    check_standing(node)
    check_delegations_open(node, epoch, amount)
    pools.enter(amount, node.pool.tokens, node.pool.shares)
