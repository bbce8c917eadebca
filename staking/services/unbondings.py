"""Unbondings: withdraw, cancel own ones, pay mature ones (R17, R18)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef

from ledger import accounts
from ledger.posting import post
from protocol.errors import AmountTooSmall, HeldBySlash, UnbondingClosed, UnbondingNotMature
from protocol.pending import divide
from staking.models import Epoch, Node, Slash, Unbonding
from staking.services import events
from staking.services.admission import check_node_status
from staking.services.epochs import OpenEpoch, lock_open_epoch
from staking.services.hold import require_not_held
from staking.services.outcome import Moved
from staking.services.self_stake import add_stake
from staking.services.unbonding_entries import check_not_held, close, lock_entry, returning, worth


def withdraw(*, unbonding: int, wallet: str, now: datetime) -> Moved:
    """Pay a mature entry at once (R17); no transaction is posted when it is worth 0.

    When settlement is so late that its epoch is not settled by then, it waits for it: it is still liable (R37).
    Raises: `not_found`, `unbonding_closed`, `unbonding_not_mature`, `held_by_slash`.
    """
    with transaction.atomic():
        epoch = lock_open_epoch()
        node, entry = lock_entry(unbonding=unbonding, wallet=wallet)
        if entry.matures_at > now:
            raise UnbondingNotMature(f"The unbonding matures at {entry.matures_at:%Y-%m-%d %H:%M:%S} UTC.")
        if entry.epoch >= epoch.number:
            raise HeldBySlash(
                "The epoch of this unbonding is not settled yet: a slash in that epoch can still reduce it."
            )
        check_not_held(entry)
        return Moved(_pay(node, entry, epoch, now), node, entry)


def cancel_own(*, unbonding: int, wallet: str, now: datetime) -> Moved:
    """Return the operator's open entry to its stake (R18).

    Raises: `not_found`, `unbonding_closed`, `held_by_slash`, `amount_too_small` for an entry worth 0,
    `node_banned`, `node_retired`.
    """
    with transaction.atomic():
        epoch = lock_open_epoch()
        node, entry = lock_entry(unbonding=unbonding, wallet=wallet)
        check_not_held(entry)
        amount = worth(entry)
        if amount == 0:
            raise AmountTooSmall("This unbonding is worth 0 IFM: there is nothing to return.")
        check_node_status(node)
        close(entry=entry, status=Unbonding.Status.CANCELLED, epoch=epoch, now=now)
        posted = post(
            kind="cancel_unbonding",
            moves={accounts.unbonding(node.address): -amount, accounts.stake(node.address): amount},
            at=now,
            epoch=epoch.number,
            reference=str(entry.pk),
            actor=wallet,
        )
        add_stake(node, divide(amount, *returning(entry, epoch, now)), epoch)
        return Moved(posted, node, entry)


def release_due(*, now: datetime, limit: int = 5_000) -> int:
    """Pay at most `limit` mature entries that no slash can reach, in the order (matures at, id); how many (R17).

    One transaction an entry: whatever stops the run loses nothing, and two runs beside each other pay once.
    Raises: Held.
    """
    paid = 0
    for entry_id, wallet in _due(now, limit):
        require_not_held()
        try:
            withdraw(unbonding=entry_id, wallet=wallet, now=now)
        except (UnbondingClosed, HeldBySlash):
            continue
        paid += 1
    return paid


def _pay(node: Node, entry: Unbonding, epoch: OpenEpoch, now: datetime) -> int | None:
    amount = close(entry=entry, status=Unbonding.Status.PAID, epoch=epoch, now=now)
    events.record(
        "unbonding_paid", at=now, epoch=epoch.number, node=node.id, wallet=entry.wallet, amount=amount
    )
    if amount == 0:
        return None
    return post(
        kind="withdraw",
        moves={accounts.unbonding(node.address): -amount, accounts.wallet(entry.wallet): amount},
        at=now,
        epoch=epoch.number,
        reference=str(entry.pk),
        actor=entry.wallet,
    )


def _due(now: datetime, limit: int) -> list[tuple[int, str]]:
    reaching = Slash.objects.filter(
        node_id=OuterRef("node_id"), status__in=Slash.UNRESOLVED, epoch__lte=OuterRef("epoch")
    )
    settled = Epoch.objects.filter(number=OuterRef("epoch"), status=Epoch.Status.SETTLED)
    mature = Unbonding.objects.filter(
        ~Exists(reaching), Exists(settled), status=Unbonding.Status.OPEN, matures_at__lte=now
    )
    return list(mature.order_by("matures_at", "id").values_list("id", "wallet")[:limit])
