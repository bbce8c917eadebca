"""`import_receipts` and `import_heartbeats`: history, along which the clock runs (interfaces section 2)."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from protocol.addresses import checksum
from settlement.audit import audit
from staking.models import EarlyHeartbeat, Epoch, Heartbeat, Node, NodeEpoch, Ranking, Receipt
from staking.models import Network as Clock
from staking.services import clock
from staking.services.rankings import rank
from tests.clocks import stopped_at
from tests.oracle import machines
from tests.oracle.files import HEARTBEATS, RECEIPTS, everything, run, text_of, write

pytestmark = pytest.mark.django_db

WALL = datetime(2026, 5, 5, 17, tzinfo=UTC)
DAY_ONE = datetime(2022, 9, 11, tzinfo=UTC)
DAY, HOUR, MS = timedelta(days=1), timedelta(hours=1), timedelta(milliseconds=1)


@pytest.fixture(autouse=True)
def wall(db: None) -> Iterator[None]:
    """An empty devnet with three machines, and a wall clock that stands still."""
    with stopped_at(WALL):
        machines.register(3)
        yield


def job(name: str, at: datetime, number: int = 0, **changed: object) -> list[object]:
    cells = {
        "job_id": name,
        "node": checksum(machines.address(number)),
        "job_class": "gpu",
        "region": "eu-west",
        "accepted_at": machines.rfc3339(at),
        "deadline_ms": 60_000,
        "latency_ms": 900,
        "outcome": "completed",
        "credits": 30_000,
        **changed,
    }
    return list(cells.values())


def beat(at: datetime, number: int = 0) -> list[object]:
    return [machines.address(number), machines.rfc3339(at)]


class TestReceipts:
    def test_with_settle_epochs_settle_as_the_file_passes_them(self, tmp_path: Path) -> None:
        rows = [
            job("a", DAY_ONE + 5 * HOUR),
            job("b", DAY_ONE + DAY - MS, 1),
            job("c", DAY_ONE + DAY, 2),
            job("d", DAY_ONE + 3 * DAY + HOUR),
            job("e", DAY_ONE + 3 * DAY + 2 * HOUR),
        ]
        file = write(tmp_path / "receipts.csv.gz", RECEIPTS, rows)
        out, err = run("import_receipts", file, "--settle")
        assert (out, err) == ("receipts: 5 accepted, 0 duplicates, 0 refused; 3 epochs settled", "")
        assert dict(Receipt.objects.values_list("job_id", "epoch")) == {
            "a": 1,
            "b": 1,
            "c": 2,
            "d": 4,
            "e": 4,
        }
        assert list(Epoch.objects.order_by("number").values_list("start", "status")) == [
            (DAY_ONE, "settled"),
            (DAY_ONE + DAY, "settled"),
            (DAY_ONE + 2 * DAY, "settled"),
            (DAY_ONE + 3 * DAY, "open"),
        ]
        assert clock.now() == DAY_ONE + 3 * DAY + 2 * HOUR
        assert set(Receipt.objects.values_list("proof", flat=True)) == {Receipt.Proof.UNCHECKED}
        accepted = dict(NodeEpoch.objects.filter(epoch=1).values_list("node__address", "accepted"))
        assert [accepted[machines.address(number)] for number in range(3)] == [1, 1, 0]
        assert audit(since=0) == []

    def test_a_second_time_nothing_changes(self, tmp_path: Path) -> None:
        file = write(
            tmp_path / "r.csv", RECEIPTS, [job(f"job-{n}", DAY_ONE + n * 9 * HOUR) for n in range(9)]
        )
        run("import_receipts", file, "--settle")
        before, then = everything(), clock.now()
        out, _ = run("import_receipts", file, "--settle")
        assert out == "receipts: 0 accepted, 9 duplicates, 0 refused; 0 epochs settled"
        assert run("import_receipts", file)[0] == "receipts: 0 accepted, 9 duplicates, 0 refused"
        assert (everything(), clock.now()) == (before, then)

    def test_a_row_behind_the_open_epoch_counts_in_it(self, tmp_path: Path) -> None:
        rows = [
            job("first", DAY_ONE + HOUR),
            job("ahead", DAY_ONE + DAY + 2 * HOUR),
            job("behind", DAY_ONE + 2 * HOUR),
            job("far behind", DAY_ONE - 500 * DAY),
        ]
        run("import_receipts", write(tmp_path / "r.csv", RECEIPTS, rows), "--settle")
        assert dict(Receipt.objects.values_list("job_id", "epoch")) == {
            "first": 1,
            "ahead": 2,
            "behind": 2,
            "far behind": 2,
        }
        assert clock.now() == DAY_ONE + DAY + 2 * HOUR

    def test_without_settle_all_count_in_the_open_epoch(self, tmp_path: Path) -> None:
        file = write(tmp_path / "r.csv", RECEIPTS, [job(f"job-{n}", DAY_ONE + n * DAY) for n in range(3)])
        assert run("import_receipts", file)[0] == "receipts: 3 accepted, 0 duplicates, 0 refused"
        assert set(Receipt.objects.values_list("epoch", flat=True)) == {1}
        assert Epoch.objects.count() == 1

    def test_an_empty_devnet_starts_at_midnight_of_the_first_row(self, tmp_path: Path) -> None:
        rank(now=clock.now())
        run("import_receipts", write(tmp_path / "r.csv", RECEIPTS, [job("a", DAY_ONE + 5 * HOUR)]))
        epoch = Epoch.objects.get()
        assert (epoch.number, epoch.start, epoch.end) == (1, DAY_ONE, DAY_ONE + DAY)
        assert clock.now() == DAY_ONE
        assert set(Node.objects.values_list("registered_at", flat=True)) == {DAY_ONE}
        assert not Ranking.objects.exists()

    def test_a_network_with_a_past_keeps_its_clock(self, tmp_path: Path) -> None:
        machines.send(machines.unsigned(at=WALL), at=WALL)
        out, _ = run("import_receipts", write(tmp_path / "r.csv", RECEIPTS, [job("a", DAY_ONE)]), "--settle")
        assert out == "receipts: 1 accepted, 0 duplicates, 0 refused; 0 epochs settled"
        assert clock.now() == WALL
        assert set(Receipt.objects.values_list("epoch", flat=True)) == {1}

    def test_bad_rows_are_named_by_line_and_the_good_ones_stored(self, tmp_path: Path) -> None:
        rows = [
            job("a", DAY_ONE),
            job("b", DAY_ONE, credits=-5),
            job("c", DAY_ONE, latency_ms="1e3"),
            job("d", DAY_ONE, node="0x" + "12" * 20),
            job("e", DAY_ONE, outcome="won"),
            job("f", DAY_ONE, accepted_at="yesterday"),
            job("", DAY_ONE),
            job("g", DAY_ONE, deadline_ms=""),
            job("a", DAY_ONE, credits=1),
            job("h", DAY_ONE),
        ]
        out, err = run("import_receipts", write(tmp_path / "r.csv", RECEIPTS, rows), "--settle")
        assert out == (
            "receipts: 2 accepted, 0 duplicates, 8 refused (not_found 1, receipt_conflict 1, receipt_invalid 6);"
            " 0 epochs settled"
        )
        named = [line.split(": ")[:2] for line in err.splitlines()]
        assert named == [
            ["line 3", "receipt_invalid"],
            ["line 4", "receipt_invalid"],
            ["line 5", "not_found"],
            ["line 6", "receipt_invalid"],
            ["line 7", "receipt_invalid"],
            ["line 8", "receipt_invalid"],
            ["line 9", "receipt_invalid"],
            ["line 10", "receipt_conflict"],
        ]
        assert set(Receipt.objects.values_list("job_id", flat=True)) == {"a", "h"}

    @pytest.mark.parametrize(
        "content",
        [
            gzip.compress(text_of(RECEIPTS, [job(f"j{n}", DAY_ONE + n * DAY) for n in range(99)]))[:-30],
            text_of(RECEIPTS, [job(f"j{n}", DAY_ONE + n * DAY) for n in range(99)])[:-30],
            text_of((*RECEIPTS[:-1], "price"), [job("a", DAY_ONE)]),
        ],
    )
    def test_a_broken_file_changes_nothing(self, tmp_path: Path, content: bytes) -> None:
        file = tmp_path / "r.csv"
        file.write_bytes(content)
        before = everything()
        out, err = run("import_receipts", str(file), "--settle")
        assert out == ""
        assert err.startswith(f"CommandError: {file}: ")
        assert everything() == before

    def test_an_empty_file_changes_nothing(self, tmp_path: Path) -> None:
        before = everything()
        out, _ = run("import_receipts", write(tmp_path / "r.csv", RECEIPTS, []), "--settle")
        assert out == "receipts: 0 accepted, 0 duplicates, 0 refused; 0 epochs settled"
        assert everything() == before

    def test_in_production_the_clock_does_not_move(self, tmp_path: Path, settings: Any) -> None:
        settings.INFRAMIND_NETWORK = "production"
        file = write(tmp_path / "r.csv", RECEIPTS, [job("a", DAY_ONE)])
        assert "--settle moves the network clock" in run("import_receipts", file, "--settle")[1]
        assert not Receipt.objects.exists()
        assert run("import_receipts", file)[0] == "receipts: 1 accepted, 0 duplicates, 0 refused"
        assert clock.now() == WALL

    def test_a_halted_network_says_so(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        run("import_receipts", write(tmp_path / "r.csv", RECEIPTS, [job("a", DAY_ONE)]))
        Clock.objects.update(halted=["a fault"])
        monkeypatch.setattr("settlement.epoch.audit", lambda: ["a fault"])
        file = write(tmp_path / "s.csv", RECEIPTS, [job("b", DAY_ONE + 2 * DAY)])
        assert "settlement is halted" in run("import_receipts", file, "--settle")[1]

    def test_more_rows_than_one_batch_holds(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("inframind.import_receipts.BATCH", 7)
        rows = [job(f"job-{n:02}", DAY_ONE + n * HOUR, n % 3) for n in range(50)]
        rows[20][8] = -1
        out, err = run("import_receipts", write(tmp_path / "r.csv", RECEIPTS, rows), "--settle")
        assert out == "receipts: 49 accepted, 0 duplicates, 1 refused (receipt_invalid 1); 2 epochs settled"
        assert err.startswith("line 22: receipt_invalid: Give credits")
        assert [Receipt.objects.filter(epoch=number).count() for number in (1, 2, 3)] == [23, 24, 2]


class TestHeartbeats:
    def test_they_start_an_empty_devnet_and_wait_for_their_epochs(self, tmp_path: Path) -> None:
        rows = [
            beat(DAY_ONE + 9 * HOUR),
            beat(DAY_ONE + 9 * HOUR + 1_000 * MS),
            beat(DAY_ONE + 2 * DAY + HOUR, 1),
        ]
        file = write(tmp_path / "beats.csv", HEARTBEATS, rows)
        assert run("import_heartbeats", file) == ("heartbeats: 2 accepted, 1 duplicates, 0 refused", "")
        assert clock.now() == DAY_ONE
        jobs = write(tmp_path / "r.csv", RECEIPTS, [job("a", DAY_ONE + HOUR), job("b", DAY_ONE + 3 * DAY)])
        assert run("import_receipts", jobs, "--settle")[0].endswith("3 epochs settled")
        up = {
            (row.epoch, row.node.address): row.uptime_bps for row in NodeEpoch.objects.select_related("node")
        }
        # Of 288 slots the one counts in which a node was heard; in the second epoch there is none.
        assert [up[epoch, machines.address(0)] for epoch in (1, 2, 3)] == [10_000, 10_000, 0]
        assert [up[epoch, machines.address(1)] for epoch in (1, 2, 3)] == [0, 10_000, 10_000]

    def test_those_behind_the_open_epoch_are_refused_and_counted(self, tmp_path: Path) -> None:
        first = write(tmp_path / "a.csv", HEARTBEATS, [beat(DAY_ONE + HOUR)])
        second = write(
            tmp_path / "b.csv", HEARTBEATS, [beat(DAY_ONE - MS), beat(DAY_ONE), beat(DAY_ONE + 9 * DAY)]
        )
        run("import_heartbeats", first)
        out, err = run("import_heartbeats", second)
        assert out == "heartbeats: 2 accepted, 0 duplicates, 1 refused (receipt_time 1)"
        assert err.startswith("line 2: receipt_time: ")
        assert clock.now() == DAY_ONE
        assert (Heartbeat.objects.count(), EarlyHeartbeat.objects.count()) == (2, 1)

    def test_a_second_time_nothing_changes(self, tmp_path: Path) -> None:
        file = write(tmp_path / "b.csv", HEARTBEATS, [beat(DAY_ONE + n * HOUR, n % 3) for n in range(60)])
        assert run("import_heartbeats", file)[0] == "heartbeats: 60 accepted, 0 duplicates, 0 refused"
        before = everything()
        assert run("import_heartbeats", file)[0] == "heartbeats: 0 accepted, 60 duplicates, 0 refused"
        assert everything() == before

    def test_bad_rows_are_named_and_a_broken_file_changes_nothing(self, tmp_path: Path) -> None:
        rows = [beat(DAY_ONE), ["0x12", machines.rfc3339(DAY_ONE)], [machines.address(1), "noon"]]
        out, err = run("import_heartbeats", write(tmp_path / "b.csv", HEARTBEATS, rows))
        assert out == "heartbeats: 1 accepted, 0 duplicates, 2 refused (address_invalid 1, receipt_invalid 1)"
        assert [line.split(":")[0] for line in err.splitlines()] == ["line 3", "line 4"]
        assert (
            "unknown column 'when'"
            in run("import_heartbeats", write(tmp_path / "c.csv", ("node", "at", "when"), []))[1]
        )
