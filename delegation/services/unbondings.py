"""Cancel an unbonding (R18)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from delegation.services.accrual import lock_settled_position
from delegation.services.position_store import LockedPosition, write_and_post
from delegation.services.positions import check_admission
from delegation.services.shares import issue
from ledger import accounts
from protocol.errors import AmountTooSmall
from staking.models import Unbonding
from staking.services import unbonding_entries as entries
from staking.services import unbondings
from staking.services.epochs import lock_open_epoch
from staking.services.outcome import Moved


def cancel(*, unbonding: int, wallet: str, now: datetime) -> Moved:
    """Return an open entry to the delegation or own stake that it came from (R18).

    In the epoch in which it was created it returns as it was, later as pending; min_amount does not apply.
    Raises: `not_found`, `unbonding_closed`, `held_by_slash`, then what `stake` or `delegate` raises.
    """
    with transaction.atomic():
        lock_open_epoch()
        node, entry = entries.lock_entry(unbonding=unbonding, wallet=wallet)
        if entry.kind == "self":
            return unbondings.cancel_own(unbonding=unbonding, wallet=wallet, now=now)
        entries.check_not_held(entry)
        return _return_to_pool(lock_settled_position(node.address, wallet), entry, now)


def _return_to_pool(locked: LockedPosition, entry: Unbonding, now: datetime) -> Moved:
    node, epoch, amount = locked.node, locked.epoch, entries.worth(entry)
    if amount == 0:
        raise AmountTooSmall("This unbonding is worth 0 IFM: there is nothing to return.")
    check_admission(locked, amount)
    entries.close(entry=entry, status=Unbonding.Status.CANCELLED, epoch=epoch, now=now)
    issue(node, locked.position, amount, epoch.number, *entries.returning(entry, epoch, now))
    moves = {accounts.unbonding(node.address): -amount, accounts.pool(node.address): amount}
    posted = write_and_post(locked, kind="cancel_unbonding", moves=moves, at=now, reference=str(entry.pk))
    return Moved(posted, node, entry)
