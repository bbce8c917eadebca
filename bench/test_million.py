"""1,000,000 signed receipts of 10,000 nodes: taken by the intake, then settled, and the memory of both.

    make bench ARGS="-k million"

Signing is the client's work and is not measured.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Callable

import pytest
from django.db import connection

from bench import batches
from oracle import receipts
from protocol.signatures import address_of_private_key
from settlement.epoch import settle_epoch
from staking.models import Epoch, Node, NodeEpoch, Pool, Receipt
from staking.services import clock
from staking.services.epochs import start_network

pytestmark = [pytest.mark.bench, pytest.mark.django_db(transaction=True)]

NODES, RECEIPTS, BATCH = 10_000, 1_000_000, 10_000
MOST_MEGABYTES = 1_024


def test_a_million_signed_receipts(say: Callable[[str], None]) -> None:
    at = clock.now()
    start_network(now=at)
    _register()
    say(f"before: {_peak():,} MB")
    taking = 0.0
    for number in range(RECEIPTS // BATCH):
        batch = batches.batch(f"million-{number}", clock.now(), signed=True, rows=BATCH, nodes=NODES)
        began = time.perf_counter()
        result = receipts.ingest(items=batch, now=clock.now())
        taking += time.perf_counter() - began
        assert (result.accepted, result.rejected) == (BATCH, [])
    say(f"taken: {RECEIPTS:,} in {taking:.0f} s, {RECEIPTS / taking:,.0f} a second; peak {_peak():,} MB")
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    began = time.perf_counter()
    settle_epoch(now=Epoch.objects.get(number=1).end)
    say(f"settled in {time.perf_counter() - began:.1f} s; peak {_peak():,} MB")
    assert Receipt.objects.filter(epoch=1, good=True).count() == RECEIPTS
    assert sum(NodeEpoch.objects.filter(epoch=1).values_list("good", flat=True)) == RECEIPTS
    assert _peak() <= MOST_MEGABYTES


def _register() -> None:
    at = clock.now()
    addresses = [address_of_private_key(batches.key(number)) for number in range(NODES)]
    nodes = Node.objects.bulk_create(
        [
            Node(
                address=address, operator=address, signing_key=address, name=f"node {number}", region="eu-west",
                hardware={}, share_bps=8_000, registered_at=at, registered_epoch=1,
            )
            for number, address in enumerate(addresses)
        ]
    )  # fmt: skip
    Pool.objects.bulk_create([Pool(node=node) for node in nodes])


def _peak() -> int:
    """The largest memory that this process had so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1_024
