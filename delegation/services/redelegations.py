"""A wish to move stake from one node to another, recorded now and carried out in the settlement (R19)."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Sum

from delegation.models import Position, Redelegation
from delegation.services.accrual import lock_settled_position
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
from staking.models import Node
from staking.services.admission import (
    check_delegations_open,
    check_standing,
    has_open_unbonding,
    has_pending_slash,
)
from staking.services.epochs import OpenEpoch, lock_open_epoch
from staking.services.node_lock import lock_pair


def redelegate(*, source: str, target: str, amount: int | None, wallet: str, now: datetime) -> Redelegation:
    """Record that `amount` µIFM (None: all that is not recorded yet) shall move when this epoch is settled (R19).

    Nothing is reserved: then min(amount, value) moves. Raises: `amount_too_small`, `invalid` for one and the same
    node, `not_found`, what `delegate` to the target raises, `node_unbonding`, `redelegation_hop`,
    `insufficient_balance`.
    """
    if amount is not None and amount <= 0:
        raise AmountTooSmall("Give an amount above 0.", field="amount")
    if source == target:
        raise Invalid("Choose another node: stake cannot be re-routed to where it is.", field="to")
    with transaction.atomic():
        epoch = lock_open_epoch()
        from_node, to_node = lock_pair(source, target)
        position = lock_settled_position(source, wallet).position
        left = max(value(from_node, position) - _recorded(position, epoch.number), 0)
        wanted = left if amount is None else amount
        check_not_own(to_node, wallet)
        _check_target(to_node, wanted, epoch)
        _check_may_move(from_node, position, epoch, now)
        if wanted == 0:
            raise InsufficientBalance("Nothing is left on the node that could be re-routed.", field="amount")
        if wanted > left:
            raise InsufficientBalance(
                f"{format_amount(left)} IFM of the delegation can still be re-routed.",
                field="amount",
                extra={"available": format_amount(left)},
            )
        return Redelegation.objects.create(
            wallet=wallet,
            source=from_node,
            target=to_node,
            amount=wanted,
            epoch=epoch.number,
            recorded_at=now,
        )


def _recorded(position: Position, epoch: int) -> int:
    """What other redelegations of this wallet away from the node are recorded in the epoch, in µIFM."""
    found = Redelegation.objects.filter(
        wallet=position.wallet, source_id=position.node_id, epoch=epoch, status="recorded"
    )
    return int(found.aggregate(total=Sum("amount"))["total"] or 0)


def _check_target(node: Node, wanted: int, epoch: OpenEpoch) -> None:
    """The refusals of the target; "all" of nothing is no amount that could be too small (R12)."""
    pending_slash = has_pending_slash(node.id)
    if wanted:
        check_admission(node, wanted, epoch, pending_slash=pending_slash)
    else:
        check_standing(node)
        check_delegations_open(node, epoch, 0, pending_slash=pending_slash)


def _check_may_move(node: Node, position: Position, epoch: OpenEpoch, now: datetime) -> None:
    if not node.banned and has_open_unbonding(node):
        raise NodeUnbonding
    if position.redelegated_at is None:
        return
    free = position.redelegated_at + timedelta(seconds=epoch.params.unbonding_seconds)
    if now < free:
        raise RedelegationHop(
            f"This stake came by a re-routing: it may move on from {free:%Y-%m-%d %H:%M:%S} UTC."
        )
