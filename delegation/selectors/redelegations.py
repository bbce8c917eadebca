"""Redelegations and their status (R19)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from delegation.models import Redelegation


@dataclass(frozen=True, slots=True)
class RedelegationFigures:
    """A redelegation; amounts in µIFM. `moved` is None until its epoch is settled."""

    id: int
    wallet: str
    source: str
    source_name: str
    to: str
    to_name: str
    amount: int
    epoch: int
    recorded_at: datetime
    status: str
    moved: int | None
    reason: str


def redelegations_of_wallet(
    wallet: str,
    *,
    status: str | None = None,
    limit: int | None = None,
    offset: int = 0,
    before: int | None = None,
) -> list[RedelegationFigures]:
    """The wallet's redelegations, the newest first, or those before one with this id; one query."""
    rows = _chosen(wallet, status).select_related("source", "target").order_by("-id")
    if before is not None:
        rows = rows.filter(id__lt=before)
    return [figures_of(row) for row in rows[offset : None if limit is None else offset + limit]]


def figures_of(row: Redelegation) -> RedelegationFigures:
    """A redelegation that was read or made with both its nodes."""
    return RedelegationFigures(
        id=row.pk,
        wallet=row.wallet,
        source=row.source.address,
        source_name=row.source.name,
        to=row.target.address,
        to_name=row.target.name,
        amount=row.amount,
        epoch=row.epoch,
        recorded_at=row.recorded_at,
        status=row.status,
        moved=row.moved,
        reason=row.reason,
    )


def _chosen(wallet: str, status: str | None) -> QuerySet[Redelegation]:
    return Redelegation.objects.filter(wallet=wallet, **({} if status is None else {"status": status}))
