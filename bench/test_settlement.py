"""Settling an epoch of 10,000 nodes and 1,000,000 receipts against reading and copying the same bytes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from statistics import median
from typing import NamedTuple

import pytest
from django.db import connection, transaction

from bench import fleet
from bench.floors import ratio, rounds
from settlement import inputs, report
from settlement.epoch import EPOCH_STEPS
from settlement.measurement import measure_performance
from settlement.report import COLUMNS
from settlement.state import Settlement
from staking.measurement.node_inputs import NODES
from staking.models import Epoch, NodeEpoch
from tests.owner import as_owner

pytestmark = [pytest.mark.bench, pytest.mark.django_db(transaction=True)]

NODE_COUNT, RECEIPT_COUNT, HOLDERS, ROUNDS = 10_000, 1_000_000, 1_000_000, 7
NODE_COLUMNS = f"epoch, node_id, {', '.join(COLUMNS)}"
NODE_ROWS = f"staking_nodeepoch ({NODE_COLUMNS})"
POSTED = "SELECT id FROM ledger_transaction WHERE kind IN ('mint', 'rewards')"
PASS_GATE, REST_GATE, PUBLISHED_GATE, HOLDERS_GATE = 4.0, 4.0, 1.5, 1.10
# What publishes that by which anyone checks an epoch, in the steps that call it: the inputs and the journal's chain.
PUBLISHING = ((inputs, "record_nodes"), (report, "publish"), (report, "number_transactions"))


class Spent(NamedTuple):
    """Seconds of a settlement: its performance pass, what it publishes, and everything else."""

    measured: float
    published: float
    others: float


def test_a_settlement_takes_a_few_scans_of_its_partition(say):
    epoch = fleet.open_large_epoch(nodes=NODE_COUNT, receipts=RECEIPT_COUNT)
    fleet.open_rewards(epoch.start)
    keep_result_rows(epoch)
    passes, scans = rounds(ROUNDS, lambda: settle(epoch).measured, scan)
    pass_ratio = ratio(passes, scans)
    say(f"performance pass: {pass_ratio:.2f} x a scan of the partition (gate {PASS_GATE})")
    settled: list[Spent] = []
    _, bytes_moved = rounds(ROUNDS, lambda: sum(settle(epoch, settled)), move_bytes)
    rest_ratio = ratio([spent.others for spent in settled], bytes_moved)
    published_ratio = ratio([spent.published for spent in settled], bytes_moved)
    say(f"all other steps: {rest_ratio:.2f} x reading inputs and copying results (gate {REST_GATE})")
    say(f"publishing inputs and journal: {published_ratio:.2f} x the same (gate {PUBLISHED_GATE})")
    assert pass_ratio <= PASS_GATE
    assert rest_ratio <= REST_GATE
    assert published_ratio <= PUBLISHED_GATE


def test_holders_cost_nothing(say):
    epoch = fleet.open_large_epoch(nodes=1_000, receipts=10_000)
    fleet.open_rewards(epoch.start)
    fleet.add_positions(1, 1_000)
    few = [sum(settle(epoch)) for _ in range(ROUNDS)]
    fleet.add_positions(1_001, HOLDERS)
    many = [sum(settle(epoch)) for _ in range(ROUNDS)]
    grown = median(many) / median(few)
    say(f"{HOLDERS:,} shareholders against 1,000: {grown:.2f} x the time (gate {HOLDERS_GATE})")
    assert grown <= HOLDERS_GATE


def settle(epoch: Epoch, settled: list[Spent] | None = None) -> Spent:
    """Seconds of the parts of a settlement, which is rolled back; also appended to `settled`."""
    settlement = Settlement(now=epoch.end)
    steps = {True: 0.0, False: 0.0}
    with transaction.atomic(), timed(PUBLISHING) as published:
        for step in EPOCH_STEPS:
            steps[step is measure_performance] += seconds(lambda step=step: step(settlement))
        transaction.set_rollback(True)
    spent = Spent(steps[True], sum(published), steps[False] - sum(published))
    if settled is not None:
        settled.append(spent)
    return spent


@contextmanager
def timed(functions: tuple[tuple[object, str], ...]) -> Iterator[list[float]]:
    """Note the seconds of every call of these functions of modules in the block."""
    spent: list[float] = []

    def noted(function: Callable[..., object], *args: object, **kwargs: object) -> object:
        began = time.perf_counter()
        result = function(*args, **kwargs)
        spent.append(time.perf_counter() - began)
        return result

    with pytest.MonkeyPatch.context() as patch:
        for module, name in functions:
            patch.setattr(module, name, partial(noted, getattr(module, name)))
        yield spent


def scan() -> float:
    with connection.cursor() as cursor:
        return seconds(lambda: cursor.execute("SELECT sum(latency_ms) FROM staking_receipt WHERE epoch = 1"))


def move_bytes() -> float:
    """The inputs of every node out by COPY, and the result rows in: the nodes' into the same table, the ledger's
    entries into one with the same indexes that adds nothing up."""
    nodes, entries = copied_out("bench_rows"), copied_out("bench_entries")

    def move() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            with cursor.copy(f"COPY ({NODES % {'epoch': 1}}) TO STDOUT") as copy:
                for _ in copy:
                    continue
            copy_in(NODE_ROWS, nodes)
            copy_in("bench_ledger", entries)
            transaction.set_rollback(True)

    return seconds(move)


def keep_result_rows(epoch: Epoch) -> None:
    """The rows that a settlement writes, put aside for the floor."""
    settlement = Settlement(now=epoch.end)
    with transaction.atomic():
        for step in EPOCH_STEPS:
            step(settlement)
        assert NodeEpoch.objects.count() == NODE_COUNT
        nodes = copied_out(f"(SELECT {NODE_COLUMNS} FROM staking_nodeepoch)")
        entries = copied_out(f"(SELECT * FROM ledger_entry WHERE transaction_id IN ({POSTED}))")
        transaction.set_rollback(True)
    # The application's role creates no tables.
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(
            f"CREATE TABLE bench_rows AS SELECT {NODE_COLUMNS} FROM staking_nodeepoch WITH NO DATA;"
            "CREATE TABLE bench_entries AS SELECT * FROM ledger_entry WITH NO DATA;"
            "CREATE TABLE bench_ledger (LIKE ledger_entry INCLUDING ALL);"
            "GRANT ALL ON bench_rows, bench_entries, bench_ledger TO inframind_app"
        )
    copy_in("bench_rows", nodes)
    copy_in("bench_entries", entries)


def copied_out(source: str) -> bytes:
    with connection.cursor() as cursor, cursor.copy(f"COPY {source} TO STDOUT") as copy:
        return b"".join(bytes(block) for block in copy)


def copy_in(target: str, rows: bytes) -> None:
    with connection.cursor() as cursor, cursor.copy(f"COPY {target} FROM STDIN") as copy:
        copy.write(rows)


def seconds(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began
