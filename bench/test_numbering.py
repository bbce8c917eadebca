"""Numbering and hashing 100,000 ledger transactions against one scan of them with their entries."""

from __future__ import annotations

import pytest
from django.db import connection, transaction

from bench.floors import ratio, rounds
from bench.test_settlement import seconds
from ledger.numbering import number_transactions
from tests.owner import as_owner

pytestmark = [pytest.mark.bench, pytest.mark.django_db(transaction=True)]

ROUNDS, TRANSACTIONS, GATE = 5, 100_000, 40.0
JOURNAL = """
INSERT INTO ledger_account (name)
  SELECT 'wallet:0x' || lpad(to_hex(n), 40, '0') FROM generate_series(1, 1000) n UNION ALL VALUES ('issuance');
WITH posted AS (
  INSERT INTO ledger_transaction (kind, reference, actor, at, epoch)
  SELECT 'faucet', '0x' || lpad(to_hex(n % 1000 + 1), 40, '0'), '', now(), 1
  FROM generate_series(1, {transactions}) n RETURNING id, reference)
INSERT INTO ledger_entry (transaction_id, account_id, amount)
SELECT p.id, a.id, 1 FROM posted p JOIN ledger_account a ON a.name = 'wallet:' || p.reference
UNION ALL SELECT p.id, (SELECT id FROM ledger_account WHERE name = 'issuance'), -1 FROM posted p
"""
SCAN = """
SELECT count(*), sum(e.amount) FROM ledger_transaction t
JOIN ledger_entry e ON e.transaction_id = t.id JOIN ledger_account a ON a.id = e.account_id
"""


def test_numbering_takes_a_few_scans_of_the_journal(say):
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(JOURNAL.format(transactions=TRANSACTIONS))
        cursor.execute("VACUUM ANALYZE")
    ours, floor = rounds(ROUNDS, number, lambda: seconds(scan))
    reached = ratio(ours, floor)
    say(f"numbering of {TRANSACTIONS:,} transactions: {reached:.1f} x a scan of their entries (gate {GATE})")
    assert reached <= GATE


def number() -> float:
    """Seconds to number all transactions; the numbers are rolled back."""
    with transaction.atomic():
        taken = seconds(number_transactions)
        transaction.set_rollback(True)
    return taken


def scan() -> None:
    with connection.cursor() as cursor:
        cursor.execute(SCAN)
