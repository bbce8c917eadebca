"""A fleet's real work, imported and settled: every figure is the one that its files give when read by themselves."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.management import call_command

from protocol.addresses import checksum
from protocol.amounts import MICRO
from staking.models import Epoch, Node, NodeEpoch
from staking.services import clock, stakes
from tests.oracle import fleet_files, reading
from tests.oracle.files import everything, run
from tests.oracle.reading import Reading

pytestmark = pytest.mark.django_db(transaction=True)

STAKE = 600


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fleet_files.folder(tmp_path_factory.mktemp("fleet"))


def begin(folder: Path) -> list[str]:
    """Import the nodes and stake on each what its operator got from the faucet."""
    fleet = [row["node"] for row in reading.rows(folder / "nodes.csv.gz")]
    assert run("import_nodes", str(folder / "nodes.csv.gz")) == (
        f"{len(fleet)} nodes registered, 0 known",
        "",
    )
    for node in Node.objects.order_by("id"):
        run("faucet", checksum(node.operator), str(STAKE))
        stakes.stake(node=node.address, amount=STAKE * MICRO, actor=node.operator, now=clock.now())
    return fleet


def count(file: Path) -> int:
    return sum(1 for _ in reading.rows(file))


def assert_as_read(read: Reading, epochs: list[int]) -> None:
    """Every row of these settled epochs; which nodes were barred from work then is the settlement's own business."""
    for epoch in epochs:
        by_node = {
            checksum(row.node.address): row
            for row in NodeEpoch.objects.filter(epoch=epoch).select_related("node")
        }
        assert sorted(by_node) == sorted(read.nodes)
        active = {node for node, row in by_node.items() if row.status == "active"}
        for node, row in by_node.items():
            assert (row.accepted, row.good) == (read.accepted[epoch][node], read.good[epoch][node])
            assert (row.sla_bps, row.latency_ms) == (read.sla(epoch, node), read.latency(epoch, node))
            assert row.latency_percentile_bps == read.percentile(epoch, node, active)
            assert row.uptime_bps == read.uptime(epoch, node, active)


def assert_books_hold(epochs: list[int]) -> None:
    for number in epochs:
        epoch = Epoch.objects.get(number=number)
        rewards = sum(NodeEpoch.objects.filter(epoch=number).values_list("reward", flat=True))
        assert rewards + epoch.carry == epoch.pool
    call_command("audit")


def assert_again_changes_nothing(*commands: tuple[str, ...]) -> None:
    before, then = everything(), clock.now()
    for command in commands:
        run(*command)
    assert everything() == before
    assert clock.now() - then < reading.SLOT


def test_a_day_is_imported_settled_and_imported_again(folder: Path) -> None:
    files = [folder / f"{name}.csv.gz" for name in ("nodes", "day-receipts", "day-heartbeats")]
    begin(folder)
    beats, jobs = str(files[2]), str(files[1])
    out, err = run("import_heartbeats", beats)
    assert out.endswith(", 0 refused")
    assert err == ""
    received = f"receipts: {count(files[1])} accepted, 0 duplicates, 0 refused; 0 epochs settled"
    assert run("import_receipts", jobs, "--settle") == (received, "")
    assert_again_changes_nothing(
        ("import_nodes", str(files[0])), ("import_heartbeats", beats), ("import_receipts", jobs, "--settle")
    )
    run("advance_epoch")
    assert_as_read(reading.read(*files), [1])
    assert_books_hold([1])
    assert_again_changes_nothing(("import_heartbeats", beats), ("import_receipts", jobs, "--settle"))


def test_the_history_is_imported_and_settled(folder: Path) -> None:
    files = [folder / f"{name}.csv.gz" for name in ("nodes", "history-receipts")]
    begin(folder)
    read = reading.read(*files)
    last = max(read.latencies)
    out, err = run("import_receipts", str(files[1]), "--settle")
    received = f"receipts: {count(files[1])} accepted, 0 duplicates, 0 refused; {last - 1} epochs settled"
    assert (out, err) == (received, "")
    run("advance_epoch")
    epochs = list(range(1, last + 1))
    assert (
        list(Epoch.objects.filter(status="settled").order_by("number").values_list("number", flat=True))
        == epochs
    )
    assert_as_read(read, epochs)
    assert_books_hold(epochs)
    assert_again_changes_nothing(
        ("import_nodes", str(files[0])), ("import_receipts", str(files[1]), "--settle")
    )
