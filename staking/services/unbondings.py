"""Unbonding entries and their buckets: create, cancel, pay out (R16–R18).

Figure: delegate and undelegate, 8 clients
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef

from ledger import accounts
from ledger.posting import post
from postgres.model_rows import from_row
from postgres.prepared import Prepared
from protocol import pools
from protocol.errors import AmountTooSmall, HeldBySlash, NotFound, UnbondingClosed, UnbondingNotMature
from staking.models import Epoch, Node, Slash, Unbonding
from staking.services import events
from staking.services.admission import check_minimum, check_standing
from staking.services.epochs import EpochParameters, OpenEpoch, lock_open_epoch
from staking.services.node_lock import lock
from staking.services.outcome import Moved

BUCKET = Prepared(
    "SELECT tokens, shares FROM staking_bucket"
    " WHERE node_id = %(node)s AND kind = %(kind)s AND epoch = %(epoch)s"
)
# Two parts of a statement: what leaves, in the epoch's bucket and as an entry of its own.
ENTRY = """
bucket AS (
  INSERT INTO staking_bucket AS b (node_id, kind, epoch, tokens, shares)
  VALUES (%(node)s, %(side)s, %(epoch)s, %(leaving)s, %(issued)s)
  ON CONFLICT (node_id, epoch, kind) DO UPDATE
    SET tokens = b.tokens + excluded.tokens, shares = b.shares + excluded.shares
  RETURNING b.id
), entry AS (
  INSERT INTO staking_unbonding
    (node_id, wallet, kind, bucket_id, shares, entered, epoch, created_at, matures_at, status)
  SELECT %(node)s, %(wallet)s, %(side)s, id, %(issued)s, %(leaving)s, %(epoch)s, %(at)s, %(matures_at)s, 'open'
  FROM bucket RETURNING id, bucket_id
)"""
ENTER = Prepared(f"WITH {ENTRY} SELECT id, bucket_id FROM entry")


def add_stake(node: Node, amount: int, epoch: OpenEpoch) -> None:
    """Count µIFM that the ledger has just moved to the node's stake account as pending self stake (R13)."""
    node.pending_stake = node.pending_in(epoch.number) + amount
    node.pending_epoch = epoch.number
    node.self_stake += amount
    node.save(update_fields=["self_stake", "pending_stake", "pending_epoch"])


def enter_bucket(
    *, node: Node, wallet: str, kind: str, amount: int, epoch: OpenEpoch, now: datetime
) -> Unbonding:
    """Record that `amount` µIFM, already moved to the node's unbonding account, leave with this epoch's bucket.

    The node is locked. Raises: `amount_too_small` when it would get no share of the bucket.
    """
    tokens, shares = BUCKET.row(node=node.id, kind=kind, epoch=epoch.number) or (0, 0)
    values = {"node": node.id, "wallet": wallet, "epoch": epoch.number, "at": now}
    values |= entry_values(kind=kind, amount=amount, bucket=(tokens, int(shares)), epoch=epoch, now=now)
    row = ENTER.row(**values)
    assert row is not None
    return entry_of(node, values, *row)


def entry_values(
    *, kind: str, amount: int, bucket: tuple[int, int], epoch: EpochParameters, now: datetime
) -> dict[str, Any]:
    """The values of ENTRY for µIFM that leave with a bucket of (tokens, shares).

    Shares are floor(amount × shares / tokens), amount when the bucket is empty (R16); none are refused.
    """
    issued = pools.shares_for(amount, *bucket)
    if issued == 0:
        raise AmountTooSmall("The amount is worth less than one share of what leaves in this epoch.")
    matures_at = now + timedelta(seconds=epoch.params.unbonding_seconds)
    return {"side": kind, "leaving": amount, "issued": issued, "matures_at": matures_at}


def entry_of(node: Node, values: Mapping[str, Any], entry_id: int, bucket_id: int) -> Unbonding:
    """The entry that ENTRY made of its values."""
    side, shares, entered = values["side"], values["issued"], values["leaving"]
    times = (values["at"], values["matures_at"])
    row = (entry_id, node.id, values["wallet"], side, bucket_id, shares, entered, values["epoch"], *times)
    entry = from_row(Unbonding, (*row, Unbonding.Status.OPEN.value, None, None))
    entry.node = node
    return entry


def worth(entry: Unbonding) -> int:
    """What an open entry is worth and takes along out of its bucket, in µIFM, floor; the last one all (R16)."""
    return pools.value_of(entry.shares, entry.bucket.tokens, entry.bucket.shares)


def lock_entry(*, unbonding: int, wallet: str) -> tuple[Node, Unbonding]:
    """The wallet's open entry with its node, both locked. Raises: `not_found`, `unbonding_closed`."""
    found = (
        Unbonding.objects.filter(pk=unbonding, wallet=wallet).values_list("node__address", flat=True).first()
    )
    if found is None:
        raise NotFound("This wallet has no such unbonding.")
    node = lock(found)
    entry = Unbonding.objects.select_for_update(of=("self",)).select_related("bucket").get(pk=unbonding)
    if entry.status != Unbonding.Status.OPEN:
        raise UnbondingClosed(f"The unbonding is {entry.status} already.")
    return node, entry


def check_not_held(entry: Unbonding) -> None:
    """Raises: `held_by_slash` while a pending slash can still reach the entry (R17, R37)."""
    if is_held(entry):
        raise HeldBySlash("A pending slash of the node can still reach this unbonding: wait for its outcome.")


def is_held(entry: Unbonding) -> bool:
    """Whether a pending slash of the entry's node is for its bucket's epoch or an earlier one (R37)."""
    return Slash.objects.filter(
        node_id=entry.node_id, status__in=Slash.UNRESOLVED, epoch__lte=entry.epoch
    ).exists()


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
                "The epoch in which it left is not settled yet: what is found in it can still reach it."
            )
        check_not_held(entry)
        return Moved(_pay(node, entry, epoch, now), node, entry)


def cancel_own(*, unbonding: int, wallet: str, now: datetime) -> Moved:
    """Return the operator's open entry whole to its stake, as new, pending stake (R18).

    Raises: `not_found`, `unbonding_closed`, `held_by_slash`, then what `stake` raises.
    """
    with transaction.atomic():
        epoch = lock_open_epoch()
        node, entry = lock_entry(unbonding=unbonding, wallet=wallet)
        check_not_held(entry)
        check_minimum(worth(entry), epoch)
        check_standing(node)
        amount = take_out(node=node, entry=entry, status=Unbonding.Status.CANCELLED, now=now)
        posted = post(
            kind="cancel_unbonding",
            moves={accounts.unbonding(node.address): -amount, accounts.stake(node.address): amount},
            at=now,
            epoch=epoch.number,
            reference=str(entry.pk),
            actor=wallet,
        )
        add_stake(node, amount, epoch)
        return Moved(posted, node, entry)


def release_due(*, now: datetime, limit: int = 5_000) -> int:
    """Pay at most `limit` mature entries that no slash can reach, in the order (matures at, id); how many (R17).

    One transaction an entry: whatever stops the run loses nothing, and two runs beside each other pay once.
    """
    paid = 0
    for entry_id, wallet in _due(now, limit):
        try:
            withdraw(unbonding=entry_id, wallet=wallet, now=now)
        except (UnbondingClosed, HeldBySlash):
            continue
        paid += 1
    return paid


def take_out(*, node: Node, entry: Unbonding, status: str, now: datetime) -> int:
    """Close a locked open entry and take its worth, in µIFM, out of its bucket; the last entry out takes all (R16)."""
    bucket, amount = entry.bucket, worth(entry)
    bucket.tokens -= amount
    bucket.shares -= entry.shares
    bucket.save(update_fields=["tokens", "shares"])
    entry.status, entry.closed_at, entry.paid = status, now, amount
    entry.save(update_fields=["status", "closed_at", "paid"])
    return amount


def _pay(node: Node, entry: Unbonding, epoch: OpenEpoch, now: datetime) -> int | None:
    amount = take_out(node=node, entry=entry, status=Unbonding.Status.PAID, now=now)
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
