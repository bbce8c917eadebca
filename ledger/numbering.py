"""Number the transactions of the journal without gaps, and chain them by hash.

Ids of transactions come from a sequence, whose gaps mean nothing. A settlement numbers the transactions posted since
the former one, in the order of their ids. The hash of each is SHA-256(hash of the former one + content), so that a
transaction that is deleted, inserted or altered later changes every hash after it.

Figure: numbering and hashing 100,000 ledger transactions
"""

from __future__ import annotations

from typing import Any, NamedTuple

from django.db import connection

from ledger.models import JournalNumber

# What comes before the first transaction.
FIRST_HASH = bytes(32)
# The content of the transactions after the id `after`: [id, kind, reference, actor, key, Unix time in µs, epoch,
# [[account, µIFM], …]] as JSON with ", " between elements, the entries in the order in which they were posted.
CONTENT = """
SELECT t.id, convert_to(jsonb_build_array(t.id, t.kind, t.reference, t.actor, t.key,
    (extract(epoch FROM t.at) * 1000000)::bigint, t.epoch, coalesce(e.entries, '[]'))::text, 'UTF8') AS content
FROM ledger_transaction t
LEFT JOIN (
  SELECT e.transaction_id, jsonb_agg(jsonb_build_array(a.name, e.amount) ORDER BY e.id) AS entries
  FROM ledger_entry e JOIN ledger_account a ON a.id = e.account_id
  WHERE e.transaction_id > {after} GROUP BY e.transaction_id
) e ON e.transaction_id = t.id
WHERE t.id > {after}
"""
NUMBER = f"""
INSERT INTO ledger_journalnumber (number, transaction_id, hash)
SELECT %(number)s + row_number() OVER journal, id, ledger_hash(%(hash)s::bytea, content) OVER journal
FROM ({CONTENT.format(after="%(transaction)s")}) posted WINDOW journal AS (ORDER BY id)
"""


class JournalHead(NamedTuple):
    """The last numbered transaction: its number, its id, the hash of the journal up to it."""

    number: int
    transaction: int
    hash: bytes


def journal_head(*, up_to: int | None = None) -> JournalHead:
    """The last numbered transaction, or the one with the number `up_to`; number 0 when there is none."""
    rows = JournalNumber.objects.order_by("-number")
    if up_to is not None:
        rows = rows.filter(number=up_to)
    row = rows.values_list("number", "transaction_id", "hash").first()
    return JournalHead(0, 0, FIRST_HASH) if row is None else JournalHead(row[0], row[1], bytes(row[2]))


def number_transactions() -> JournalHead:
    """Number and chain all transactions that have no number yet, in one statement; returns the new head.

    Called by the settlement, which keeps all that post out: no transaction with a lower id can commit later.
    """
    former = journal_head()
    values: dict[str, Any] = former._asdict()
    with connection.cursor() as cursor:
        cursor.execute(NUMBER, values)
    return journal_head()
