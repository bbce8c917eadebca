"""The way back from unbonding (R18)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from delegation.services.accrual import lock_settled_position
from delegation.services.position_store import LockedPosition, write_and_post
from delegation.services.positions import check_admission
from delegation.services.shares import enter
from ledger import accounts
from staking.models import Unbonding
from staking.services import unbondings
from staking.services.epochs import lock_open_epoch
from staking.services.outcome import Moved


def cancel(*, unbonding: int, wallet: str, now: datetime) -> Moved:
    """Return an open entry whole to where it came from, as new, pending stake or delegation (R18).

    Raises: `not_found`, `unbonding_closed`, `held_by_slash`, then what `stake` or `delegate` raises.
    """
    with transaction.atomic():
        lock_open_epoch()
        node, entry = unbondings.lock_entry(unbonding=unbonding, wallet=wallet)
        if entry.kind == "self":
            return unbondings.cancel_own(unbonding=unbonding, wallet=wallet, now=now)
        unbondings.check_not_held(entry)
        return _return_to_pool(lock_settled_position(node.address, wallet), entry, now)


def _return_to_pool(found: LockedPosition, entry: Unbonding, now: datetime) -> Moved:
    node, amount = found.node, unbondings.worth(entry)
    check_admission(node, amount, found.epoch, pending_slash=found.pending_slash)
    unbondings.take_out(node=node, entry=entry, status=Unbonding.Status.CANCELLED, now=now)
    enter(node, found.position, amount, found.epoch.number)
    moves = {accounts.unbonding(node.address): -amount, accounts.pool(node.address): amount}
    posted = write_and_post(found, kind="cancel_unbonding", moves=moves, at=now, reference=str(entry.pk))
    return Moved(posted, node, entry)
