"""The window of R24 over many epochs, against a plain list of latencies."""

from __future__ import annotations

from random import Random

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from staking.models import Archive, Node, NodeEpoch, WindowLatency
from staking.services.parameters import schedule
from staking.services.partitions import drop_partitions
from tests.network import Network
from tests.owner import as_owner

pytestmark = pytest.mark.django_db


class Windows:
    """A network whose nodes do random jobs, and the latencies of each node's good jobs in their order."""

    def __init__(self, seed: int, size: int, nodes: int) -> None:
        self.dice = Random(seed)
        self.size = size
        self.net = Network(latency_window_jobs=size)
        self.latencies: dict[str, list[int]] = {self.net.node(n, own=1): [] for n in range(1, nodes + 1)}

    def settle(self, most: int) -> None:
        """Let each node do up to `most` jobs, settle the epoch, and compare."""
        for node, latencies in self.latencies.items():
            for _ in range(self.dice.choice([0, 0, 1, self.dice.randint(0, most)])):
                latencies.append(self.dice.randint(1, 2_000))
                self.net.work(node, 1, latency=latencies[-1])
        self.net.settle(sound=False)
        self.compare()

    def compare(self) -> None:
        for node, latencies in self.latencies.items():
            window, row = latencies[-self.size :], self.net.row(node)
            assert row.latency_ms == (sum(window) // len(window) if window else None)

    def stored(self, size: int) -> None:
        """The sums that the last settlement stored are those over the last `size` jobs."""
        for node, latencies in self.latencies.items():
            window, row = latencies[-size:], self.net.row(node)
            sums = (len(window), sum(window), sum(ms * ms for ms in window))
            assert (row.latency_count, row.latency_sum, row.latency_squares) == sums


@pytest.mark.parametrize("seed", range(4))
def test_random_windows_are_those_of_the_last_jobs(seed: int) -> None:
    windows = Windows(seed, size=[1, 3, 7, 20][seed], nodes=4)
    for _ in range(12):
        windows.settle(most=12)
        windows.stored(windows.size)


@pytest.mark.parametrize("seed", range(4))
def test_a_new_size_applies_from_its_first_epoch(seed: int) -> None:
    windows = Windows(seed, size=6, nodes=3)
    for _ in range(6):
        windows.settle(most=5)
    for size in (2, 11, 40, 4):
        number = windows.net.epoch.number
        schedule(
            changes={"latency_window_jobs": size}, from_epoch=number + 1, proposal=1, now=windows.net.now
        )
        windows.settle(most=5)
        windows.size = size
        windows.stored(size)
        windows.settle(most=5)
        windows.stored(size)


def partitions() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relname ~ '^staking_(receipt|heartbeat)_e[0-9]+$'")
        return {name for (name,) in cursor.fetchall()}


def drop(epoch: int, net: Network) -> None:
    """Drop the receipts of an epoch, as if they were archived."""
    file = {"name": "", "rows": 0, "size": 0, "sha256": "", "archived_at": net.now, "forgotten_at": net.now}
    Archive.objects.create(kind="receipts", epoch=epoch, **file)
    drop_partitions(epoch=epoch)


def test_latencies_of_dropped_receipts_leave_the_window_in_their_order() -> None:
    windows = Windows(5, size=10, nodes=4)
    for _ in range(8):
        windows.settle(most=4)
        settled = windows.net.epoch.number - 1
        if settled > 2:
            drop(settled - 2, windows.net)
    assert WindowLatency.objects.exists()
    assert {name for name in partitions() if name.endswith(("_e1", "_e6"))} == set()


def test_dropping_twice_changes_nothing() -> None:
    windows = Windows(5, size=10, nodes=2)
    windows.settle(most=9)
    windows.settle(most=9)
    drop(1, windows.net)
    before = (partitions(), list(WindowLatency.objects.values_list().order_by("node_id", "seq")))
    drop_partitions(epoch=1)
    after = (partitions(), list(WindowLatency.objects.values_list().order_by("node_id", "seq")))
    assert after == before


def test_the_partitions_of_an_epoch_that_is_not_settled_are_not_dropped() -> None:
    net = Network()
    net.work(net.node(own=1), 1)
    before = partitions()
    assert {"staking_receipt_e1", "staking_heartbeat_e1"} <= before
    with pytest.raises(ValueError, match="epoch 1 is not settled"):
        drop_partitions(epoch=1)
    assert partitions() == before


def test_a_window_whose_jobs_are_missing_stops_the_settlement() -> None:
    net = Network(latency_window_jobs=3)
    node = net.node(own=1)
    net.work(node, 3)
    net.settle()
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM staking_receipt_e1")
    net.work(node, 1)
    with pytest.raises(LookupError, match=node):
        net.settle()


def test_a_settlement_reads_the_partitions_in_which_windows_begin_and_no_others() -> None:
    """Forty epochs with a job each; the window holds three of them, and one job leaves it in each epoch."""
    net = Network(latency_window_jobs=3)
    node = net.node(own=1)
    for _ in range(40):
        net.work(node, 1)
        net.settle(sound=False)
    assert NodeEpoch.objects.filter(node__address=node).latest("epoch").window_epoch == 37
    net.work(node, 1)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        net.settle(sound=False)
    reading = [
        query["sql"] for query in queries if "latency_ms" in query["sql"] and "LIMIT w.jobs" in query["sql"]
    ]
    assert len(reading) == 2
    assert all("epoch = 37 " in sql or "epoch = 38 " in sql for sql in reading)
    assert Node.objects.count() == 1
