"""Unbonding entries and their buckets (R16–R18): create, value, lock, close.

Figure: delegate and undelegate, 8 clients
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from postgres.model_rows import from_row
from postgres.prepared import Prepared
from protocol import pools
from protocol.errors import HeldBySlash, NotFound, UnbondingClosed
from protocol.pending import ACTIVE, Pending
from staking.models import Node, Slash, Unbonding
from staking.services.epochs import EpochParameters, OpenEpoch
from staking.services.node_lock import lock

BUCKET = Prepared(
    "SELECT tokens, shares FROM staking_bucket"
    " WHERE node_id = %(node)s AND kind = %(kind)s AND epoch = %(epoch)s"
)
# Two parts of a statement: what leaves, in the epoch's bucket and as an entry of its own.
ENTRY = """
bucket AS (
  INSERT INTO staking_bucket AS b (node_id, kind, epoch, tokens, shares)
  VALUES (%(node)s, %(side)s, %(epoch)s, %(entered)s, %(issued)s)
  ON CONFLICT (node_id, epoch, kind) DO UPDATE
    SET tokens = b.tokens + excluded.tokens, shares = b.shares + excluded.shares
  RETURNING b.id
), entry AS (
  INSERT INTO staking_unbonding
    (node_id, wallet, kind, bucket_id, shares, entered, burned, burned_active, epoch, created_at, matures_at, status)
  SELECT %(node)s, %(wallet)s, %(side)s, id, %(issued)s, %(entered)s, %(burned)s, %(burned_active)s, %(epoch)s,
    %(at)s, %(matures_at)s, 'open'
  FROM bucket RETURNING id, bucket_id
)"""
ENTER = Prepared(f"WITH {ENTRY} SELECT id, bucket_id FROM entry")


class Burned(NamedTuple):
    """µIFM taken from a pool or from own stake, the shares (own stake: µIFM) burned, and when those were made."""

    amount: int
    shares: int
    made: Pending


def create_own_entry(*, node: Node, amount: int, active: int, epoch: OpenEpoch, now: datetime) -> Unbonding:
    """Add an entry for `amount` µIFM of own stake, `active` of it active, that the ledger has moved already (R16).

    The node is locked. Raises: `amount_too_small` when the amount is worth no share of the bucket.
    """
    tokens, shares = BUCKET.row(node=node.id, kind="self", epoch=epoch.number) or (0, 0)
    values = {"node": node.id, "wallet": node.operator, "epoch": epoch.number, "at": now}
    burned = Burned(amount, amount, {ACTIVE: active})
    values |= entry_values(kind="self", burned=burned, bucket=(tokens, int(shares)), epoch=epoch, now=now)
    row = ENTER.row(**values)
    assert row is not None
    return entry_of(node, values, *row)


def entry_values(
    *, kind: str, burned: Burned, bucket: tuple[int, int], epoch: EpochParameters, now: datetime
) -> dict[str, Any]:
    """The values of ENTRY for µIFM that enter a bucket of (tokens, shares) (R16, R18).

    Raises: `amount_too_small` when the amount is worth no share of the bucket.
    """
    return {
        "side": kind,
        "entered": burned.amount,
        "issued": pools.issue_shares(burned.amount, *bucket),
        "burned": burned.shares,
        "burned_active": burned.made.get(ACTIVE, 0),
        "matures_at": now + timedelta(seconds=epoch.params.unbonding_seconds),
    }


def entry_of(node: Node, values: Mapping[str, Any], entry_id: int, bucket_id: int) -> Unbonding:
    """The entry that ENTRY inserted from these values."""
    names = ("wallet", "side", "issued", "entered", "burned", "burned_active", "epoch", "at", "matures_at")
    wallet, side, *amounts_and_times = (values[name] for name in names)
    row = (entry_id, node.id, wallet, side, bucket_id, *amounts_and_times, Unbonding.Status.OPEN.value)
    entry = from_row(Unbonding, (*row, None, None, None))
    entry.node = node
    return entry


def worth(entry: Unbonding) -> int:
    """Value of an open entry in µIFM, floor; the last entry of a bucket has all its tokens (R16)."""
    return pools.value_of(entry.shares, entry.bucket.tokens, entry.bucket.shares)


def lock_entry(*, unbonding: int, wallet: str) -> tuple[Node, Unbonding]:
    """The wallet's open entry with its node, both locked. Raises: `not_found`, `unbonding_closed`."""
    address = (
        Unbonding.objects.filter(pk=unbonding, wallet=wallet).values_list("node__address", flat=True).first()
    )
    if address is None:
        raise NotFound("This wallet has no such unbonding.")
    node = lock(address)
    entry = Unbonding.objects.select_for_update(of=("self",)).select_related("bucket").get(pk=unbonding)
    if entry.status != Unbonding.Status.OPEN:
        raise UnbondingClosed(f"This unbonding is already {entry.status}.")
    return node, entry


def check_not_held(entry: Unbonding) -> None:
    """Raises: `held_by_slash` while a pending slash can still reach the entry (R17, R37)."""
    if is_held(entry):
        raise HeldBySlash(
            "A pending slash can still reduce this unbonding. Wait until the slash is resolved."
        )


def is_held(entry: Unbonding) -> bool:
    """True if a pending slash of the entry's node is for its bucket's epoch or an earlier one (R37)."""
    return Slash.objects.filter(
        node_id=entry.node_id, status__in=Slash.UNRESOLVED, epoch__lte=entry.epoch
    ).exists()


def returning(entry: Unbonding, epoch: EpochParameters, now: datetime) -> tuple[Pending, int]:
    """The amount that a cancelled entry returns, divided by the epoch in which it counts as made (R18).

    As the arguments `parts` and `rest` of protocol.pending.divide. In the epoch in which the entry was created it
    returns as it was, so that active stake cannot become stake that is refunded (R32); later all of it is pending.
    """
    made = epoch.newest(now)
    active = entry.burned_active if entry.epoch == epoch.number else 0
    return {ACTIVE: active, made: entry.burned - active}, made


def close(*, entry: Unbonding, status: str, epoch: EpochParameters, now: datetime) -> int:
    """Close a locked open entry and take its value, in µIFM, from its bucket; the last entry takes all (R16)."""
    bucket, amount = entry.bucket, worth(entry)
    bucket.tokens -= amount
    bucket.shares -= entry.shares
    bucket.save(update_fields=["tokens", "shares"])
    entry.status, entry.closed_at, entry.closed_epoch, entry.paid = status, now, epoch.number, amount
    entry.save(update_fields=["status", "closed_at", "closed_epoch", "paid"])
    return amount
