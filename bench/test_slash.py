"""A slash of a node with a million delegations and a hundred thousand unbonding entries against one with ten."""

from __future__ import annotations

import pytest
from django.db import connection, transaction

from bench import fleet
from bench.floors import ratio, rounds
from bench.test_settlement import seconds
from protocol.offences import Counters, find_offences
from settlement.epoch import EPOCH_STEPS
from settlement.slashes import create_slashes, execute_slashes
from settlement.state import Settlement
from staking.models import Bucket, Epoch, Node, Slash
from tests.owner import as_owner

pytestmark = [pytest.mark.bench, pytest.mark.django_db(transaction=True)]

MANY, ENTRIES, ROUNDS, GATE = 1_000_000, 100_000, 25, 1.15
UNBONDINGS = """
INSERT INTO staking_unbonding (node_id, wallet, kind, bucket_id, shares, entered, burned, burned_active, epoch,
  created_at, matures_at, status)
SELECT b.node_id, '0x01' || lpad(u::text, 38, '0'), b.kind, b.id, 1000, 1000, 1000, 1000, b.epoch, now(), now(), 'open'
FROM staking_bucket b, generate_series(1, %s) u WHERE b.id = %s
"""


def test_a_slash_costs_the_same_with_many_delegations(say):
    epoch = fleet.open_large_epoch(nodes=50, receipts=5_000)
    small, large = Node.objects.order_by("id")[7:9]
    for node, positions, entries in ((small, 10, 10), (large, MANY, ENTRIES)):
        fleet.fill(node, positions)
        _fill_bucket(node, entries)
    many, few = rounds(ROUNDS, lambda: slash(epoch, large), lambda: slash(epoch, small))
    grown = ratio(many, few)
    say(f"slash with {MANY:,} delegations and {ENTRIES:,} entries against ten: {grown:.2f} x (gate {GATE})")
    assert grown <= GATE


def slash(epoch: Epoch, node: Node) -> float:
    """Seconds to create and execute an `invalid_proof` of the node; all of it is rolled back."""
    settlement = Settlement(now=epoch.end)
    spent = 0.0
    with transaction.atomic():
        for step in EPOCH_STEPS:
            if step is create_slashes:
                _accuse(settlement, node)
                spent += seconds(lambda: create_slashes(settlement))
                Slash.objects.update(due_epoch=epoch.number)
            elif step is execute_slashes:
                spent += seconds(lambda: execute_slashes(settlement))
            else:
                step(settlement)
        assert settlement.executed[0].slashed > 0
        transaction.set_rollback(True)
    return spent


def _accuse(settlement: Settlement, node: Node) -> None:
    settlement.offences = {
        node.id: find_offences(settlement.params, Counters(accepted=100, sla=10_000, invalid_proofs=1))
    }


def _fill_bucket(node: Node, entries: int) -> None:
    bucket = Bucket.objects.create(
        node=node, kind="delegated", epoch=1, tokens=entries * 1000, shares=entries * 1000
    )
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(UNBONDINGS, [entries, bucket.pk])
        cursor.execute("VACUUM ANALYZE staking_unbonding")
