"""Unbonding entries of a wallet: value, maturity, and whether a slash holds them (R16–R18)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import Exists, Max, OuterRef, Q, QuerySet

from protocol import pools
from staking.models import Epoch, Slash, Unbonding

# Anybody can make any number of entries of next to nothing: a sum of them is taken where they lie.
WORTH = """
SELECT coalesce(sum(div(u.shares * b.tokens, b.shares)), 0)
FROM staking_unbonding u JOIN staking_bucket b ON b.id = u.bucket_id
WHERE u.wallet = %s AND u.status = 'open' AND b.shares > 0
"""


@dataclass(frozen=True, slots=True)
class UnbondingFigures:
    """An entry. `amount`: µIFM it is worth, or was when it closed.

    `reached`: a pending slash reaches it. `held`: it cannot be withdrawn for one, or it is mature and its epoch is not
    settled yet, so that a slash of that epoch can still reach it.
    """

    id: int
    node_id: int
    node: str
    name: str
    wallet: str
    kind: str
    amount: int
    entered: int
    epoch: int
    created_at: datetime
    matures_at: datetime
    status: str
    closed_at: datetime | None
    reached: bool
    held: bool

    @property
    def is_open(self) -> bool:
        return self.status == Unbonding.Status.OPEN

    def is_mature(self, now: datetime) -> bool:
        """True if the entry is mature and only a slash holds it (R17)."""
        return self.matures_at <= now


def unbondings_of_wallet(
    wallet: str,
    *,
    now: datetime,
    status: str | None = None,
    node_id: int | None = None,
    limit: int | None = None,
    offset: int = 0,
    after: tuple[datetime, int] | None = None,
) -> list[UnbondingFigures]:
    """The wallet's entries, in the order in which they are paid: (matures at, id); one query.

    `after`: only those behind this place in the order.
    """
    rows = _chosen(_entries(), wallet, status).order_by("matures_at", "id")
    if after is not None:
        moment, number = after
        rows = rows.filter(Q(matures_at__gt=moment) | Q(matures_at=moment, id__gt=number))
    if node_id is not None:
        rows = rows.filter(node_id=node_id)
    return [_figures(row, now) for row in rows[offset : None if limit is None else offset + limit]]


def count_of_wallet(wallet: str, *, status: str | None = None) -> int:
    """The number of the wallet's entries."""
    return _chosen(Unbonding.objects.all(), wallet, status).count()


def worth_of_wallet(wallet: str) -> int:
    """The value of the wallet's open entries in µIFM, floor each (R16); one query."""
    with connection.cursor() as cursor:
        cursor.execute(WORTH, [wallet])
        return int(cursor.fetchone()[0])


def unbonding_of(wallet: str, unbonding: int, *, now: datetime) -> UnbondingFigures | None:
    """An entry of the wallet; None when it does not exist or belongs to another wallet."""
    row = _entries().filter(wallet=wallet, pk=unbonding).first()
    return None if row is None else _figures(row, now)


def _figures(entry: Unbonding, now: datetime) -> UnbondingFigures:
    """An entry that was read with its node, its bucket, `reached` and `settled`."""
    bucket = entry.bucket
    worth = pools.value_of(entry.shares, bucket.tokens, bucket.shares)
    is_open = entry.status == Unbonding.Status.OPEN
    reached = is_open and bool(entry.reached)  # type: ignore[attr-defined]
    waits = is_open and entry.matures_at <= now and not entry.settled  # type: ignore[attr-defined]
    return UnbondingFigures(
        id=entry.pk,
        node_id=entry.node_id,
        node=entry.node.address,
        name=entry.node.name,
        wallet=entry.wallet,
        kind=entry.kind,
        amount=worth if is_open else entry.paid or 0,
        entered=entry.entered,
        epoch=entry.epoch,
        created_at=entry.created_at,
        matures_at=entry.matures_at,
        status=entry.status,
        closed_at=entry.closed_at,
        reached=reached,
        held=reached or waits,
    )


def _chosen(rows: QuerySet[Unbonding], wallet: str, status: str | None) -> QuerySet[Unbonding]:
    return rows.filter(wallet=wallet, **({} if status is None else {"status": status}))


def _entries() -> QuerySet[Unbonding]:
    reaching = Slash.objects.filter(
        node_id=OuterRef("node_id"), status__in=Slash.UNRESOLVED, epoch__lte=OuterRef("epoch")
    )
    settled = Epoch.objects.filter(number=OuterRef("epoch"), status=Epoch.Status.SETTLED)
    rows = Unbonding.objects.select_related("node", "bucket")
    return rows.annotate(reached=Exists(reaching), settled=Exists(settled))


def operator_unbonds_until(node_id: int) -> datetime | None:
    """The maturity of the last open unbonding entry of the operator's own stake; None without one. One query."""
    own = Unbonding.objects.filter(node_id=node_id, kind="self", status="open")
    return own.aggregate(last=Max("matures_at"))["last"]
