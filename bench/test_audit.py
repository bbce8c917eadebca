"""The audit of 10,000 nodes and 1,000,000 ledger entries against one scan of the entries, and that of a small network
with prepared statements against the same without."""

from __future__ import annotations

import pytest
from django.db import connection

from bench import fleet
from bench.floors import ratio, rounds
from bench.test_settlement import seconds
from settlement.audit import audit
from tests.network import Network
from tests.owner import as_owner

pytestmark = [pytest.mark.bench, pytest.mark.django_db(transaction=True)]

ROUNDS, PAIRS, SMALL_GATE = 5, 500_000, 0.7
JOURNAL = """
INSERT INTO ledger_account (name)
  SELECT prefix || address FROM staking_node, unnest(ARRAY['stake:', 'pool:', 'wallet:']) prefix
  UNION ALL VALUES ('issuance');
WITH posted AS (
  INSERT INTO ledger_transaction (kind, reference, actor, at, epoch)
  SELECT 'bench', n::text, '', now(), 1 FROM generate_series(1, %(pairs)s) n RETURNING id, reference::int AS n),
wallets AS (SELECT id, row_number() OVER () - 1 AS place, count(*) OVER () AS all
  FROM ledger_account WHERE name LIKE 'wallet:%%')
INSERT INTO ledger_entry (transaction_id, account_id, amount)
SELECT p.id, w.id, 1 FROM posted p JOIN wallets w ON w.place = p.n %% w.all
UNION ALL SELECT p.id, (SELECT id FROM ledger_account WHERE name = 'issuance'), -1 FROM posted p
"""


def test_the_audit_of_a_large_journal_is_measured(say):
    fleet.open_large_epoch(nodes=10_000, receipts=1_000)
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("UPDATE staking_node SET self_stake = 0")
        cursor.execute("UPDATE staking_pool SET tokens = 0, shares = 0")
        cursor.execute(JOURNAL, {"pairs": PAIRS})
        cursor.execute("VACUUM ANALYZE")
    assert audit() == []
    ours, floor = rounds(ROUNDS, lambda: seconds(audit), scan)
    say(f"audit of {2 * PAIRS:,} entries: {ratio(ours, floor):.1f} x a grouped scan of them")


def scan() -> float:
    with connection.cursor() as cursor:
        return seconds(lambda: cursor.execute("SELECT account_id, sum(amount) FROM ledger_entry GROUP BY 1"))


def test_prepared_statements_make_a_small_audit_quicker(say, settings):
    network = Network()
    for number in range(20):
        network.delegate(network.node(number, own=1_000), number, 500)
    network.settle()
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    assert audit() == []
    ours, floor = rounds(
        20, lambda: timed_audit(settings, prepared=True), lambda: timed_audit(settings, prepared=False)
    )
    say(f"audit of 20 nodes, statements prepared: {ratio(ours, floor):.2f} x the time when each is planned")
    assert ratio(ours, floor) <= SMALL_GATE


def timed_audit(settings, *, prepared: bool) -> float:
    settings.INFRAMIND_PREPARED_STATEMENTS = prepared
    return seconds(audit)
