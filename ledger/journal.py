"""The journal: transactions with all their entries (R9)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Prefetch, QuerySet

from ledger.models import Entry, JournalNumber, Transaction
from ledger.numbering import FIRST_HASH


@dataclass(frozen=True, slots=True)
class Movement:
    """A balanced transaction; `entries` are (account, µIFM), in the order in which they were posted.

    `number` and `hash`: its place in the journal, None and "" until its epoch is settled (ledger/numbering.py).
    """

    id: int
    kind: str
    reference: str
    actor: str
    key: str | None
    at: datetime
    epoch: int
    entries: tuple[tuple[str, int], ...]
    number: int | None
    hash: str


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The transactions before and after a numbered one, by id; None at an end. `former_hash`: of the one before."""

    before: int | None
    after: int | None
    former_hash: str


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
    return [_movement(row) for row in _with_entries(rows)[:limit]]


def movement(transaction: int) -> Movement | None:
    """One transaction by its id; two queries."""
    row = _with_entries(Transaction.objects.filter(id=transaction)).first()
    return None if row is None else _movement(row)


def transaction_numbered(number: int) -> int | None:
    """The id of the transaction with a number of the journal; None for a number that is not written yet."""
    return JournalNumber.objects.filter(number=number).values_list("transaction_id", flat=True).first()


def neighbours(number: int) -> Neighbours:
    """The neighbours of a numbered transaction in the journal; one query."""
    rows = JournalNumber.objects.filter(number__in=(number - 1, number + 1))
    ids = {row.number: row.transaction_id for row in rows}
    hashes = {row.number: _hex(row.hash) for row in rows}
    return Neighbours(
        before=ids.get(number - 1),
        after=ids.get(number + 1),
        former_hash=hashes.get(number - 1, _hex(FIRST_HASH)),
    )


def _with_entries(rows: QuerySet[Transaction]) -> QuerySet[Transaction]:
    entries = Prefetch("entries", Entry.objects.select_related("account").order_by("id"))
    return rows.select_related("numbered").prefetch_related(entries)


def _movement(row: Transaction) -> Movement:
    entries = tuple((entry.account.name, entry.amount) for entry in row.entries.all())
    # Without a row the attribute is missing.
    numbered: JournalNumber | None = getattr(row, "numbered", None)
    number, digest = (numbered.number, _hex(numbered.hash)) if numbered else (None, "")
    return Movement(
        row.pk, row.kind, row.reference, row.actor, row.key, row.at, row.epoch, entries, number, digest
    )


def _hex(digest: bytes | memoryview) -> str:
    return "0x" + bytes(digest).hex()
