"""The way back from unbonding (R18)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from delegation.services.accrual import touched
from delegation.services.positions import check_admission
from delegation.services.shares import add_shares
from staking.ledger import accounts
from staking.ledger.posting import post
from staking.models import Node, Unbonding
from staking.services import unbondings
from staking.services.epochs import OpenEpoch, lock_open_epoch
from staking.services.outcome import Moved


def cancel(*, unbonding: int, wallet: str, now: datetime) -> Moved:
    """Return an open entry whole to where it came from, as new, pending stake or delegation (R18).

    Raises: `not_found`, `unbonding_closed`, `held_by_slash`, then what `stake` or `delegate` raises.
    """
    with transaction.atomic():
        epoch = lock_open_epoch()
        node, entry = unbondings.lock_entry(unbonding=unbonding, wallet=wallet)
        if entry.kind == "self":
            return unbondings.cancel_own(unbonding=unbonding, wallet=wallet, now=now)
        unbondings.check_not_held(entry)
        return Moved(_return_to_pool(node, entry, epoch, now), node, entry)


def _return_to_pool(node: Node, entry: Unbonding, epoch: OpenEpoch, now: datetime) -> int:
    check_admission(node, unbondings.amount_out(entry), epoch)
    amount = unbondings.take_out(node=node, entry=entry, status=Unbonding.Status.CANCELLED, now=now)
    add_shares(node, touched(node, entry.wallet, epoch.number), amount, epoch.number)
    return post(
        kind="cancel_unbonding",
        moves={accounts.unbonding(node.address): -amount, accounts.pool(node.address): amount},
        at=now,
        epoch=epoch.number,
        reference=str(entry.pk),
        actor=entry.wallet,
    )
