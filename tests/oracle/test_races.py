"""Batches that meet: each job counts once, in any order and from any sender, without a deadlock."""

from __future__ import annotations

import random
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from oracle import heartbeats
from oracle.batch_parsing import BatchResult
from settlement.audit import audit
from settlement.epoch import settle_epoch
from staking.models import Heartbeat, Receipt
from tests.network import START, Network
from tests.oracle import machines
from tests.oracle.machines import proofs, recorded, rfc3339, send, signed, unsigned
from tests.together import together

pytestmark = pytest.mark.django_db(transaction=True)

DAY = timedelta(days=1)
ROOTS = ["0x" + (b"\x22" * 32).hex(), "0x" + (b"\x44" * 32).hex()]


@pytest.fixture(autouse=True)
def network() -> Network:
    made = Network()
    machines.register(3)
    return made


def shuffled(items: list[Any], seed: int) -> list[Any]:
    return random.Random(seed).sample(items, len(items))


def totals(answers: list[BatchResult]) -> tuple[int, int, Counter[str]]:
    refused = Counter(one.code for answer in answers for one in answer.rejected)
    return sum(a.accepted for a in answers), sum(a.duplicates for a in answers), refused


def test_the_same_batch_by_eight_at_once_counts_once() -> None:
    batch = [unsigned(f"job-{number:04}", number % 3) for number in range(400)]
    answers = together(8, lambda client: send(*shuffled(batch, client)))
    assert totals(answers) == (400, 2_800, Counter())
    assert len(recorded()) == 400


def test_overlapping_batches_many_times_over() -> None:
    jobs = [unsigned(f"job-{number:03}", number % 3) for number in range(120)]

    def act(client: int) -> tuple[int, int, Counter[str]]:
        dice = random.Random(client)
        return totals([send(*dice.sample(jobs, 40)) for _ in range(12)])

    answers = together(6, act)
    seen = len(recorded())
    assert sum(accepted for accepted, _, _ in answers) == seen <= 120
    assert sum(accepted + duplicates for accepted, duplicates, _ in answers) == 6 * 12 * 40
    assert not any(refused for _, _, refused in answers)


def test_of_two_contents_one_wins_and_the_other_is_a_conflict() -> None:
    jobs = [f"job-{number:03}" for number in range(60)]
    contents = [[unsigned(job, latency_ms=ms) for job in jobs] for ms in (1, 2)]
    answers = together(4, lambda client: send(*shuffled(contents[client % 2], client)))
    assert totals(answers) == (60, 60, Counter(receipt_conflict=120))
    assert len(recorded()) == 60


def test_of_two_traces_one_completes_it() -> None:
    send(*(signed(f"job-{number:02}") for number in range(30)))
    verified = [
        [signed(f"job-{number:02}", verified_trace_root=root) for number in range(30)] for root in ROOTS
    ]
    answers = together(4, lambda client: send(*shuffled(verified[client % 2], client)))
    assert totals(answers) == (30, 30, Counter(receipt_conflict=60))
    assert set(proofs().values()) <= {("valid", True), ("forged", False)}


def test_fresh_and_completed_in_crossed_batches() -> None:
    """Each client records what another one completes: keys are taken in one order, completed in one order."""

    def act(client: int) -> None:
        for turn in range(15):
            plain = [signed(f"job-{turn}-{number}") for number in range(8)]
            full = [signed(f"job-{turn}-{number}", verified_trace_root=ROOTS[0]) for number in range(8)]
            send(*shuffled(plain + full, client * 100 + turn))

    together(4, act)
    assert len(recorded()) == 120
    assert set(Receipt.objects.values_list("verified_trace_root", flat=True)) != {None}


def test_the_first_receipts_of_an_epoch_may_come_all_at_once() -> None:
    answers = together(6, lambda client: send(unsigned(f"job-{client}")))
    assert totals(answers) == (6, 0, Counter())


def test_a_batch_falls_whole_into_one_epoch_while_it_is_settled(network: Network) -> None:
    def act(client: int) -> Any:
        if client == 0:
            return settle_epoch(now=START + DAY)
        return send(*(unsigned(f"job-{client}-{number}", number % 3) for number in range(50)), at=START + DAY)

    together(6, act)
    per_epoch = Counter(Receipt.objects.values_list("epoch", flat=True))
    assert sum(per_epoch.values()) == 250
    assert all(count % 50 == 0 for count in per_epoch.values())
    settle_epoch(now=START + 2 * DAY)
    assert audit(since=0) == []


def test_heartbeats_of_one_slot_by_all_at_once() -> None:
    beats = [
        {"node": machines.address(number % 3), "at": rfc3339(START + timedelta(minutes=number))}
        for number in range(60)
    ]
    answers = together(
        6, lambda client: heartbeats.ingest(items=shuffled(beats, client), now=START + timedelta(hours=2))
    )
    # An hour has twelve slots of five minutes, in each of which every node is heard.
    assert totals(answers)[0] == Heartbeat.objects.count() == 36
