"""1,000,000 signed receipts of 10,000 nodes: taken by the intake, then settled; memory, and the size of the epoch.

    make bench ARGS="-k million"

Signing is the client's work and is not measured.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection

from bench import batches
from ledger import accounts
from ledger.posting import post
from oracle import heartbeats, receipts
from protocol.addresses import checksum
from protocol.signatures import address_of_private_key
from settlement.epoch import settle_epoch
from staking.models import Epoch, Network, Node, NodeEpoch, Pool, Receipt
from staking.services import clock
from staking.services.epochs import open_epoch, start_network
from staking.services.rankings import rank
from tests.owner import as_owner

pytestmark = [pytest.mark.bench, pytest.mark.django_db(transaction=True)]

NODES, RECEIPTS, BATCH = 10_000, 1_000_000, 10_000
MAX_MEGABYTES = 1_024
STAKE = 10_000 * 10**6  # µIFM
SMALLEST = 256 * 1_024
SIZES = """
SELECT relname, pg_total_relation_size(oid) AS bytes FROM pg_class
WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace AND pg_total_relation_size(oid) >= %s
ORDER BY bytes DESC
"""


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
    beats = _beat()
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    began = time.perf_counter()
    settle_epoch(now=Epoch.objects.get(number=1).end)
    say(f"settled in {time.perf_counter() - began:.1f} s; peak {_peak():,} MB")
    rank(now=clock.now())
    say(f"one epoch with {beats:,} heartbeats and one ranking: {_sizes()}")
    assert Receipt.objects.filter(epoch=1, good=True).count() == RECEIPTS
    assert sum(NodeEpoch.objects.filter(epoch=1).values_list("good", flat=True)) == RECEIPTS
    assert Network.objects.get().halted == []
    assert _peak() <= MAX_MEGABYTES


def _register() -> None:
    at = clock.now()
    addresses = [address_of_private_key(batches.key(number)) for number in range(NODES)]
    nodes = Node.objects.bulk_create(
        [
            Node(
                address=address, operator=address, signing_key=address, name=f"node {number}", region="eu-west",
                hardware={}, share_bps=8_000, registered_at=at, registered_epoch=1, self_stake=STAKE,
            )
            for number, address in enumerate(addresses)
        ]
    )  # fmt: skip
    Pool.objects.bulk_create([Pool(node=node) for node in nodes])
    stakes = {accounts.stake(address): STAKE for address in addresses}
    post(kind="bench", moves={accounts.ISSUANCE: -sum(stakes.values()), **stakes}, at=at, epoch=1)


def _beat() -> int:
    """Record a heartbeat of every node in every slot of the epoch; their number."""
    epoch = open_epoch()
    length = timedelta(seconds=epoch.params.heartbeat_slot_seconds)
    addresses = [checksum(address) for address in Node.objects.values_list("address", flat=True)]
    at, beats = epoch.start, 0
    while at < epoch.end:
        sent = [{"node": address, "at": f"{at:%Y-%m-%dT%H:%M:%S}.000Z"} for address in addresses]
        beats += heartbeats.ingest(items=sent, now=clock.now(), ahead=True).accepted
        at += length
    return beats


def _sizes() -> str:
    """Every table of more than SMALLEST bytes with its indexes, by `pg_total_relation_size`, in MB of 10⁶ bytes."""
    with connection.cursor() as cursor:
        cursor.execute(SIZES, [SMALLEST])
        return ", ".join(f"{table} {size / 1e6:.1f} MB" for table, size in cursor.fetchall())


def _peak() -> int:
    """The largest memory that this process had so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1_024
