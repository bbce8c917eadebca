"""The journal: transactions with all their entries (R9)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Prefetch

from ledger.models import Entry, Transaction


@dataclass(frozen=True, slots=True)
class Movement:
    """A balanced transaction; `entries` are (account, µIFM), in the order in which they were posted."""

    id: int
    kind: str
    reference: str
    actor: str
    at: datetime
    epoch: int
    entries: tuple[tuple[str, int], ...]


def movements(
    *,
    limit: int,
    before: int | None = None,
    kind: str | None = None,
    account: str | None = None,
    epoch: int | None = None,
) -> list[Movement]:
    """Transactions, the newest first, numbered below `before` (None: from the newest); two queries."""
    rows = Transaction.objects.order_by("-id")
    if before is not None:
        rows = rows.filter(id__lt=before)
    if kind is not None:
        rows = rows.filter(kind=kind)
    if epoch is not None:
        rows = rows.filter(epoch=epoch)
    if account is not None:
        touched = Entry.objects.filter(account__name=account)
        rows = rows.filter(id__in=touched.values("transaction_id"))
    entries = Prefetch("entries", Entry.objects.select_related("account").order_by("id"))
    return [_movement(row) for row in rows.prefetch_related(entries)[:limit]]


def _movement(row: Transaction) -> Movement:
    entries = tuple((entry.account.name, entry.amount) for entry in row.entries.all())
    return Movement(row.pk, row.kind, row.reference, row.actor, row.at, row.epoch, entries)
