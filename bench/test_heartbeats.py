"""Heartbeats a second against unsigned receipts a second, each in batches of 10,000 through its ingest."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import count

import pytest

from bench import batches
from bench.floors import ratio, rounds
from bench.test_ingest import ingest, per_second
from oracle import heartbeats
from protocol.addresses import checksum
from staking.services import clock, nodes
from staking.services.epochs import open_epoch, start_network

pytestmark = [pytest.mark.bench, pytest.mark.django_db(transaction=True)]

ROUNDS, GATE = 9, 0.5
NODES = [f"0x{number:040x}" for number in range(1, 1_001)]
SLOTS_PER_BATCH = batches.ROWS // len(NODES)
NUMBERS = count()


def test_heartbeats_reach_half_the_rate_of_receipts(say):
    now = clock.now()
    start_network(now=now)
    batches.register(now)
    for address in NODES:
        nodes.register(address=address, operator=address, name="bench", region="eu-west", now=now)
    record(next(NUMBERS))
    ours, floor = rounds(ROUNDS, lambda: record(next(NUMBERS)), lambda: ingest(signed=False))
    reached = ratio(ours, floor)
    say(f"heartbeats: {reached:.2f} of the rows a second of unsigned receipts (gate {GATE})")
    assert reached >= GATE


def record(number: int) -> float:
    """Rows a second of one batch: every node in ten slots that no batch had before."""
    epoch = open_epoch()
    length = timedelta(seconds=epoch.params.heartbeat_slot_seconds)
    starts = [epoch.start + (number * SLOTS_PER_BATCH + slot) * length for slot in range(SLOTS_PER_BATCH)]
    batch = [{"node": checksum(node), "at": rfc3339(start)} for start in starts for node in NODES]
    answers = []
    rate = per_second(
        len(batch), lambda: answers.append(heartbeats.ingest(items=batch, now=clock.now(), ahead=True))
    )
    assert answers[0].accepted == len(batch)
    return rate


def rfc3339(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03}Z"
