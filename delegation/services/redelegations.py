"""Record redelegations, which the settlement of the epoch executes (R19)."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Sum

from delegation.models import Redelegation
from delegation.services.accrual import lock_settled_position
from delegation.services.position_store import LockedPosition
from delegation.services.positions import check_admission, check_not_own
from delegation.services.shares import value
from protocol.amounts import format_amount
from protocol.errors import (
    AmountTooSmall,
    InsufficientBalance,
    Invalid,
    NodeUnbonding,
    RedelegationHop,
)
from staking.services.admission import (
    check_delegations_open,
    check_minimum,
    check_node_status,
    has_open_unbonding,
)


def redelegate(*, source: str, target: str, amount: int | None, wallet: str, now: datetime) -> Redelegation:
    """Record that `amount` µIFM (None: all not recorded yet) moves to another node at the epoch's settlement (R19).

    Nothing is reserved: the smaller of the amount and the value at that time moves.
    Raises: `amount_too_small`, `invalid` when source and target are the same node, `not_found`, what `delegate` to
    the target raises, `node_unbonding`, `redelegation_hop`, `insufficient_balance`.
    """
    if amount is not None and amount <= 0:
        raise AmountTooSmall("Enter an amount above 0.", field="amount")
    if source == target:
        raise Invalid("Choose another node: the stake is already on this one.", field="to")
    with transaction.atomic():
        locked = {node: lock_settled_position(node, wallet) for node in sorted((source, target))}
        left = max(value(locked[source].node, locked[source].position) - _recorded(locked[source]), 0)
        moving = left if amount is None else amount
        check_not_own(locked[target].node, wallet)
        _check_target(locked[target], moving)
        _check_may_move(locked[source], now)
        if moving == 0 or moving > left:
            raise InsufficientBalance(
                f"You can redelegate {format_amount(left)} IFM of this delegation.",
                field="amount",
                extra={"available": format_amount(left)},
            )
        return Redelegation.objects.create(
            wallet=wallet,
            source=locked[source].node,
            target=locked[target].node,
            amount=moving,
            epoch=locked[source].epoch.number,
            recorded_at=now,
        )


def _recorded(locked: LockedPosition) -> int:
    """The sum of the wallet's redelegations that are recorded on the node, in µIFM."""
    recorded = Redelegation.objects.filter(
        wallet=locked.position.wallet, source_id=locked.node.id, epoch=locked.epoch.number, status="recorded"
    )
    return int(recorded.aggregate(total=Sum("amount"))["total"] or 0)


def _check_target(target: LockedPosition, amount: int) -> None:
    """Raise what the target refuses; "all" of nothing is not an amount that could be too small (R12)."""
    if amount:
        check_minimum(amount, target.epoch)
        check_admission(target, amount)
    else:
        check_node_status(target.node)
        check_delegations_open(target.node, target.epoch, 0, pending_slash=target.pending_slash)


def _check_may_move(source: LockedPosition, now: datetime) -> None:
    if not source.node.banned and has_open_unbonding(source.node):
        raise NodeUnbonding
    arrived = source.position.redelegated_at
    if arrived is None:
        return
    free = arrived + timedelta(seconds=source.epoch.params.unbonding_seconds)
    if now < free:
        raise RedelegationHop(
            f"This stake was redelegated to this node: you can redelegate it again from {free:%Y-%m-%d %H:%M:%S} UTC."
        )
