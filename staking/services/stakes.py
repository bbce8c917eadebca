"""An operator's own stake (R12, R16) and earnings (R42)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from ledger import accounts
from ledger.posting import post
from protocol.amounts import MAX_AMOUNT, format_amount
from protocol.errors import AmountTooSmall, InsufficientBalance, NothingToClaim
from staking.models import Node, NodeEpoch
from staking.services import events
from staking.services.admission import check_minimum, check_node_status
from staking.services.epochs import lock_open_epoch
from staking.services.node_lock import lock
from staking.services.nodes import check_operator
from staking.services.outcome import Claimed, Moved
from staking.services.self_stake import add_stake, take_stake
from staking.services.unbonding_entries import create_own_entry


def stake(*, node: str, amount: int, actor: str, now: datetime) -> Moved:
    """Bond `amount` µIFM of the operator to its node; pending until the next epoch opens (R12, R13).

    Raises: `amount_too_small`, `not_found`, `not_operator`, `node_banned`, `node_retired`,
    `insufficient_balance`.
    """
    if amount <= 0:
        raise AmountTooSmall("Enter an amount above 0.", field="amount")
    with transaction.atomic():
        epoch = lock_open_epoch()
        locked = lock(node)
        check_operator(locked, actor)
        check_minimum(amount, epoch)
        check_node_status(locked)
        if locked.self_stake + amount > MAX_AMOUNT:
            raise InsufficientBalance
        posted = post(
            kind="stake",
            moves={accounts.wallet(actor): -amount, accounts.stake(node): amount},
            at=now,
            epoch=epoch.number,
            reference=node,
            actor=actor,
        )
        add_stake(locked, {epoch.newest(now): amount}, epoch)
        return Moved(posted, locked)


def unstake(*, node: str, amount: int | None, actor: str, now: datetime) -> Moved:
    """Start to unbond `amount` µIFM (None: all) of the operator's stake; pending stake leaves first (R16).

    Raises: `amount_too_small`, `not_found`, `not_operator`, `insufficient_balance`.
    """
    if amount is not None and amount <= 0:
        raise AmountTooSmall("Enter an amount above 0.", field="amount")
    with transaction.atomic():
        epoch = lock_open_epoch()
        locked = lock(node)
        check_operator(locked, actor)
        leaving = locked.self_stake if amount is None else amount
        if leaving == 0 or leaving > locked.self_stake:
            raise InsufficientBalance(
                f"You have {format_amount(locked.self_stake)} IFM staked on this node.", field="amount"
            )
        posted = post(
            kind="unstake",
            moves={accounts.stake(node): -leaving, accounts.unbonding(node): leaving},
            at=now,
            epoch=epoch.number,
            reference=node,
            actor=actor,
        )
        active = take_stake(locked, leaving, epoch)
        entry = create_own_entry(node=locked, amount=leaving, active=active, epoch=epoch, now=now)
        events.record(
            "operator_unbonding", at=now, epoch=epoch.number, node=locked.id, amount=leaving,
            left=locked.self_stake,
        )  # fmt: skip
        return Moved(posted, locked, entry)


def operator_claimable(node: Node) -> int:
    """Earnings of the operator that were not claimed yet, in whole µIFM (R42)."""
    earned = (
        NodeEpoch.objects.filter(node_id=node.id)
        .order_by("-epoch")
        .values_list("operator_earned", flat=True)
        .first()
    )
    return (earned or 0) - node.operator_claimed


def claim_operator(*, node: str, actor: str, now: datetime) -> Claimed:
    """Pay the operator's earnings from the node's rewards to its wallet (R42).

    Raises: `not_found`, `not_operator`, `nothing_to_claim`.
    """
    with transaction.atomic():
        epoch = lock_open_epoch()
        locked = lock(node)
        check_operator(locked, actor)
        amount = _take_earnings(locked)
        posted = post(
            kind="claim",
            moves={accounts.rewards(node): -amount, accounts.wallet(actor): amount},
            at=now,
            epoch=epoch.number,
            reference=node,
            actor=actor,
        )
        return Claimed(posted, locked, amount)


def compound_operator(*, node: str, actor: str, now: datetime) -> Claimed:
    """Claim and stake the operator's earnings in one step; below min_amount nothing is claimed (R42).

    Raises: `not_found`, `not_operator`, `nothing_to_claim`, `amount_too_small`, `node_banned`, `node_retired`.
    """
    with transaction.atomic():
        epoch = lock_open_epoch()
        locked = lock(node)
        check_operator(locked, actor)
        amount = _take_earnings(locked)
        check_minimum(amount, epoch)
        check_node_status(locked)
        posted = post(
            kind="compound",
            moves={accounts.rewards(node): -amount, accounts.stake(node): amount},
            at=now,
            epoch=epoch.number,
            reference=node,
            actor=actor,
        )
        add_stake(locked, {epoch.newest(now): amount}, epoch)
        return Claimed(posted, locked, amount)


def _take_earnings(node: Node) -> int:
    amount = operator_claimable(node)
    if amount <= 0:
        raise NothingToClaim()
    node.operator_claimed += amount
    node.save(update_fields=["operator_claimed"])
    return amount
