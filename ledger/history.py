"""The history of one account: its entries with the balance after each (R9)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import connection

# The balance is added up over all entries in the order in which they were posted, whatever part is shown.
# `other` is the account on the other side; of several the one with the largest amount. `mark` is the place in
# `unposted` of what moved no tokens: it comes after the last entry that was posted before.
RUNNING = """
FROM (
  SELECT e.*, sum(e.amount) OVER (ORDER BY e.id) AS balance
  FROM (
    SELECT e.id, e.transaction_id, e.account_id, e.amount, 0 AS mark, NULL::timestamptz AS marked_at
    FROM ledger_entry e JOIN ledger_account a ON a.id = e.account_id WHERE a.name = %(name)s
    UNION ALL
    SELECT min(o.id), o.transaction_id, NULL, 0, 0, NULL FROM ledger_entry o
    WHERE o.transaction_id = ANY(%(also)s) GROUP BY o.transaction_id
    UNION ALL
    SELECT (SELECT coalesce(max(o.id), 0) FROM ledger_entry o
        WHERE o.transaction_id = (SELECT max(l.id) FROM ledger_transaction l WHERE l.at < m.at)),
      NULL, NULL, 0, m.number, m.at
    FROM unnest(%(marks)s::timestamptz[]) WITH ORDINALITY AS m(at, number)) e
) e LEFT JOIN ledger_transaction t ON t.id = e.transaction_id
WHERE (%(start)s::timestamptz IS NULL OR coalesce(t.at, e.marked_at) >= %(start)s)
  AND (%(end)s::timestamptz IS NULL OR coalesce(t.at, e.marked_at) < %(end)s)
"""
OTHER = """(
  SELECT a.name FROM ledger_entry o JOIN ledger_account a ON a.id = o.account_id
  WHERE o.transaction_id = e.transaction_id AND o.account_id <> e.account_id
    AND sign(o.amount) <> sign(e.amount)
  ORDER BY abs(o.amount) DESC, a.name LIMIT 1) AS other"""
MOVEMENTS = f"""
SELECT e.transaction_id, t.kind, t.reference, t.actor, t.at, t.epoch, e.amount, e.balance, {OTHER}, e.mark
{RUNNING} ORDER BY e.id {{direction}}, e.mark {{direction}} LIMIT %(limit)s OFFSET %(offset)s
"""
SUMS = f"""
SELECT count(*), coalesce(sum(e.amount) FILTER (WHERE e.amount > 0), 0),
  coalesce(-sum(e.amount) FILTER (WHERE e.amount < 0), 0)
{RUNNING}
"""
BEFORE = """
SELECT coalesce(sum(e.amount), 0) FROM ledger_entry e JOIN ledger_account a ON a.id = e.account_id
JOIN ledger_transaction t ON t.id = e.transaction_id WHERE a.name = %(name)s AND t.at < %(start)s
"""


@dataclass(frozen=True, slots=True)
class Movement:
    """One entry of an account: `amount` in µIFM (negative: paid), the balance after it, the counterpart account.

    `transaction` is None for what moved no tokens.
    """

    transaction: int | None
    kind: str
    reference: str
    actor: str
    at: datetime
    epoch: int
    amount: int
    balance: int
    other: str


@dataclass(frozen=True, slots=True)
class Sums:
    """Sums of an account's entries in a period, in µIFM: opening + received − sent = closing."""

    movements: int
    opening: int
    received: int
    sent: int

    @property
    def closing(self) -> int:
        return self.opening + self.received - self.sent


def movements(
    name: str,
    *,
    start: datetime | None = None,
    end: datetime | None = None,
    also: Sequence[int] = (),
    unposted: Sequence[Movement] = (),
    limit: int | None = None,
    offset: int = 0,
    newest_first: bool = False,
) -> list[Movement]:
    """Entries of an account posted from `start` up to but without `end` (None: no bound); one query.

    `also`: transactions without an entry of the account that are listed among them, with amount 0. `unposted`: what
    moved no tokens and is listed where it happened, by its time; its balance is filled in.
    """
    query = MOVEMENTS.format(direction="DESC" if newest_first else "ASC")
    marks = [one.at for one in unposted]
    rows = _rows(
        query, name=name, start=start, end=end, also=list(also), marks=marks, limit=limit, offset=offset
    )
    return [_movement(row, unposted) for row in rows]


def _movement(row: tuple[Any, ...], unposted: Sequence[Movement]) -> Movement:
    number, kind, reference, actor, at, epoch, amount, balance, other, mark = row
    if mark:
        moved_nothing: Movement = unposted[mark - 1]
        return replace(moved_nothing, balance=int(balance))
    return Movement(number, kind, reference, actor, at, epoch, amount, int(balance), other or "")


def sums(
    name: str,
    *,
    start: datetime | None = None,
    end: datetime | None = None,
    also: Sequence[int] = (),
    unposted: Sequence[Movement] = (),
) -> Sums:
    """The sums of the same entries, and the balance before the first of them."""
    opening = 0 if start is None else _rows(BEFORE, name=name, start=start)[0][0]
    marks = [one.at for one in unposted]
    count, received, sent = _rows(SUMS, name=name, start=start, end=end, also=list(also), marks=marks)[0]
    return Sums(count, int(opening), int(received), int(sent))


def _rows(query: str, **values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return list(cursor.fetchall())


COMPOUNDS = """
SELECT t.id, t.at, t.reference, -e.amount
FROM ledger_transaction t JOIN ledger_entry e ON e.transaction_id = t.id AND e.amount < 0
WHERE t.kind = 'compound' AND t.actor = %(wallet)s AND (%(start)s::timestamptz IS NULL OR t.at >= %(start)s)
  AND (%(end)s::timestamptz IS NULL OR t.at < %(end)s)
ORDER BY t.id LIMIT %(limit)s
"""


def compounds(
    wallet: str, start: datetime | None, end: datetime | None, *, limit: int
) -> list[tuple[int, datetime, str, int]]:
    """Transactions in which the wallet compounded, oldest first: id, moment, node, µIFM; one query."""
    values = {"wallet": wallet, "start": start, "end": end, "limit": limit}
    with connection.cursor() as cursor:
        cursor.execute(COMPOUNDS, values)
        rows: list[tuple[int, datetime, str, int]] = cursor.fetchall()
    return rows


ENTRIES = f"""
SELECT e.id, e.transaction_id, t.kind, t.at, t.epoch, e.amount, {OTHER}
FROM (
  SELECT * FROM ledger_entry WHERE account_id = (SELECT id FROM ledger_account WHERE name = %(name)s)
    AND (%(before)s::bigint IS NULL OR id < %(before)s) ORDER BY id DESC LIMIT %(limit)s) e
JOIN ledger_transaction t ON t.id = e.transaction_id ORDER BY e.id DESC
"""


@dataclass(frozen=True, slots=True)
class AccountEntry:
    """An entry of an account, µIFM (negative: taken from it); `other`: the account on the other side, of several the
    one with the largest amount."""

    id: int
    transaction: int
    kind: str
    at: datetime
    epoch: int
    amount: int
    other: str


def entries(name: str, *, limit: int, before: int | None = None) -> list[AccountEntry]:
    """Entries of an account, the newest first, with ids below `before` (None: from the newest); one query."""
    return [AccountEntry(*row) for row in _rows(ENTRIES, name=name, limit=limit, before=before)]


BY_EPOCH = """
SELECT t.epoch, t.kind, sum(e.amount)
FROM ledger_entry e JOIN ledger_account a ON a.id = e.account_id JOIN ledger_transaction t ON t.id = e.transaction_id
WHERE a.name = %(name)s AND t.epoch >= %(first)s AND t.kind <> ALL(%(without)s)
GROUP BY t.epoch, t.kind ORDER BY t.epoch, t.kind
"""


def sums_by_epoch(name: str, *, first: int, without: Sequence[str]) -> list[tuple[int, str, int]]:
    """Sums of an account's entries from epoch `first` on: epoch, kind of transaction, µIFM; one query.

    `without`: kinds that are left out.
    """
    rows = _rows(BY_EPOCH, name=name, first=first, without=list(without))
    return [(epoch, kind, int(amount)) for epoch, kind, amount in rows]
