"""Old epochs are archived, forgotten and dropped; nothing is counted twice, and the archive replays the epoch."""

from __future__ import annotations

import gzip
import io
import json
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection
from django.test import Client, override_settings
from psycopg.errors import LockNotAvailable

from inframind import tasks
from inframind.archive_storage import archive_storage
from protocol import performance as rules
from protocol.addresses import checksum
from retention import files, plan, services
from retention.kinds import EVENTS, HEARTBEATS, INPUTS, RANKINGS, RECEIPTS
from settlement.audit import audit
from staking.models import Archive, EpochInputs, Event, JobKey, NodeEpoch, Ranking, RankingRow, Receipt
from staking.selectors.replay import replay
from staking.services import hold, rankings
from tests.network import START, Network
from tests.oracle import machines
from tests.owner import as_owner
from tests.shared_rows import shared

pytestmark = pytest.mark.django_db

EPOCHS = 9
DAY = timedelta(days=1)


@pytest.fixture
def folder(tmp_path: Path, settings: Any) -> Iterator[Path]:
    storages = {**settings.STORAGES, "archive": archive_storage(str(tmp_path))}
    limits = {
        "INFRAMIND_KEEP_RECEIPTS": 5,
        "INFRAMIND_KEEP_RANKINGS": 5,
        "INFRAMIND_KEEP_EVENTS": 5,
        "INFRAMIND_KEEP_INPUTS": 5,
    }
    with override_settings(STORAGES=storages, INFRAMIND_ARCHIVE=str(tmp_path), **limits):
        yield tmp_path


def noon(epoch: int) -> datetime:
    return START + (epoch - 1) * DAY + DAY / 2


def jobs_of(epoch: int) -> list[dict[str, Any]]:
    """Receipts of an epoch: five of machine 0, one of them late and one unsigned, and two of machine 1."""
    at = noon(epoch)
    made = [machines.signed(f"{epoch}-{number}", 0, at=at, latency_ms=900 + number) for number in range(3)]
    made.append(machines.signed(f"{epoch}-late", 0, at=at, latency_ms=5_000))
    made.append(machines.unsigned(f"{epoch}-unsigned", 0, at=at))
    return made + [machines.signed(f"{epoch}-b{number}", 1, at=at, outcome="timeout") for number in range(2)]


@shared
def settled() -> Network:
    """Nine settled epochs with receipts, heartbeats, a ranking and events each; the tenth is open."""
    network = Network(heard_quorum_bps=0, sla_min_jobs=100)
    machines.register(3)
    for epoch in range(1, EPOCHS + 1):
        network.now = noon(epoch)
        machines.send(*jobs_of(epoch), at=network.now)
        network.beat(machines.address(0), range(100))
        rankings.rank(now=network.now)
        network.fund(checksum(machines.address(7)).lower(), 1)
        Event.objects.create(
            kind="share_cut", at=network.now, epoch=epoch, dispatched=True, data={"n": epoch}
        )
        network.settle(sound=False)
    Event.objects.update(dispatched=True)
    return network


@pytest.fixture
def network(settled: Network, folder: Path) -> Network:
    """The settled epochs, of which five are kept beside those in the folder."""
    return settled


def run(*words: str) -> str:
    out = io.StringIO()
    call_command("archive", *words, stdout=out)
    return out.getvalue().strip()


def archive_all(network: Network) -> None:
    while plan.step(now=network.now):
        pass


def partitions(name: str) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relname ~ %s", [f"^staking_{name}_e[0-9]+$"])
        return sorted(int(table.rpartition("_e")[2]) for (table,) in cursor.fetchall())


def lines(path: Path) -> list[dict[str, Any]]:
    with gzip.open(path) as file:
        return [json.loads(line) for line in file]


def test_epochs_older_than_they_are_kept_are_archived_and_dropped(network, folder):
    archive_all(network)
    assert partitions("receipt") == partitions("heartbeat") == [5, 6, 7, 8, 9]
    assert set(JobKey.objects.values_list("epoch", flat=True)) == {5, 6, 7, 8, 9}
    assert JobKey.objects.count() == Receipt.objects.count() == 5 * 7
    assert set(Ranking.objects.values_list("epoch", flat=True)) == {5, 6, 7, 8, 9}
    assert set(Event.objects.filter(dispatched=True).values_list("epoch", flat=True)) == {5, 6, 7, 8, 9}
    assert set(EpochInputs.objects.values_list("epoch", flat=True)) == {5, 6, 7, 8, 9}
    written = sorted(str(path.relative_to(folder)) for path in folder.rglob("*.gz"))
    assert written == [
        f"{kind}/epoch-{epoch:08d}.ndjson.gz"
        for kind in ("events", "heartbeats", "inputs", "rankings", "receipts")
        for epoch in (1, 2, 3, 4)
    ]
    assert audit(since=0) == []


def test_the_archive_replays_the_counters_of_its_epoch(network, folder):
    rows = {row.node.address: row for row in NodeEpoch.objects.filter(epoch=3).select_related("node")}
    archive_all(network)
    header, *receipts = lines(folder / "receipts" / "epoch-00000003.ndjson.gz")
    assert header == {"type": "header", "schema": 1, "epoch": 3, "chain_id": 31337, "lines": 7}
    accepted, good, credits = Counter(), Counter(), Counter()
    for receipt in receipts:
        signed = receipt["signature"] is not None
        proof = rules.judge_proof(signed=signed, by_signing_key=signed, traces_differ=False, history=False)
        assert proof == receipt["proof"]
        node = receipt["node"].lower()
        accepted[node] += 1
        if rules.is_good(receipt["outcome"], proof, receipt["latency_ms"], receipt["deadline_ms"]):
            good[node] += 1
            credits[node] += receipt["credits"]
    assert {address: (row.accepted, row.good, row.credits) for address, row in rows.items()} == {
        address: (accepted[address], good[address], credits[address]) for address in rows
    }
    _, *beats = lines(folder / "heartbeats" / "epoch-00000003.ndjson.gz")
    assert len(beats) == 100
    assert beats[2] == {"node": checksum(machines.address(0)), "at": "2026-01-03T00:10:00.000Z", "slot": 2}


def published(epoch: int) -> list[dict[str, Any]]:
    answer = Client().get(f"/api/v1/epochs/{epoch}/receipts")
    assert answer.status_code == 200
    return [json.loads(line) for line in gzip.decompress(answer.getvalue()).splitlines()]


def test_the_api_publishes_an_epoch_from_its_archive_as_before(network, folder):
    before = published(2)
    archive_all(network)
    assert not Receipt.objects.filter(epoch=2).exists()
    assert published(2) == before == lines(folder / "receipts" / "epoch-00000002.ndjson.gz")
    (folder / "receipts" / "epoch-00000002.ndjson.gz").unlink()
    answer = Client().get("/api/v1/epochs/2/receipts")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_the_inputs_of_an_epoch_are_published_and_replayed_from_their_archive(network, folder):
    before = Client().get("/api/v1/epochs/2/inputs").getvalue()
    archive_all(network)
    path = folder / "inputs" / "epoch-00000002.ndjson.gz"
    assert Client().get("/api/v1/epochs/2/inputs").getvalue() == before == path.read_bytes()
    assert Archive.objects.get(kind="inputs", epoch=2).rows == len(lines(path)) - 1 > 3
    assert replay(2) == []
    path.unlink()
    answer = Client().get("/api/v1/epochs/2/inputs")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert answer.json()["detail"] == "The inputs of epoch 2 are archived, and the archive is not here."


def test_a_receipt_of_a_dropped_epoch_is_refused_and_counted_nowhere(network):
    archive_all(network)
    answer = machines.send(*jobs_of(4), at=network.now)
    assert machines.counted(answer) == (0, 0, ["receipt_time"] * 7)
    assert machines.counted(machines.send(*jobs_of(4), at=network.now, unchecked=True)) == (
        0,
        0,
        ["receipt_time"] * 7,
    )
    assert machines.counted(machines.send(*jobs_of(5), at=network.now)) == (0, 7, [])


def test_history_that_is_newer_than_the_archive_is_taken(network):
    archive_all(network)
    late = machines.unsigned("history", 0, at=noon(4) + timedelta(milliseconds=1))
    assert machines.counted(machines.send(late, at=network.now, unchecked=True)) == (1, 0, [])


@pytest.mark.parametrize("step", ["_delete_keys", "drop_partitions", "_mark_dropped"])
def test_a_run_that_dies_half_way_is_finished_by_the_next(network, monkeypatch, step):
    def die(*values: object, **named: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(services, step, die)
        with pytest.raises(KeyboardInterrupt):
            plan.step(now=network.now)
    # Meanwhile the first epoch is forgotten: what comes again is refused, whether its key is there or not.
    assert Archive.objects.get(kind="receipts", epoch=1).forgotten_at == network.now
    assert audit(since=0) == []
    archive_all(network)
    assert partitions("receipt") == [5, 6, 7, 8, 9]
    assert JobKey.objects.count() == 35
    assert audit(since=0) == []


def test_nothing_is_dropped_when_its_archive_is_damaged(network, folder):
    services.archive_epoch(RECEIPTS, 1, now=network.now)
    services.archive_epoch(HEARTBEATS, 1, now=network.now)
    path = folder / "receipts" / "epoch-00000001.ndjson.gz"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(files.Damaged, match="receipts/epoch-00000001"):
        services.drop_epoch(RECEIPTS, 1, now=network.now)
    path.unlink()
    with pytest.raises(files.Damaged, match="cannot be read"):
        services.drop_epoch(RECEIPTS, 1, now=network.now)
    assert Receipt.objects.filter(epoch=1).count() == JobKey.objects.filter(epoch=1).count() == 7


def test_an_epoch_whose_receipts_could_come_again_is_not_dropped(network):
    """An epoch that was settled late also has receipts of the days after its end."""
    with as_owner():
        Receipt.objects.filter(epoch=1, job_id="1-0").update(accepted_at=noon(9))
    assert [kind.name for kind, _ in plan.step(now=network.now)] == ["rankings", "events", "inputs"]
    assert Receipt.objects.filter(epoch=1).count() == JobKey.objects.filter(epoch=1).count() == 7
    assert Archive.objects.get(kind="receipts", epoch=1).forgotten_at is None


def test_the_same_rows_make_the_same_file(network, folder):
    assert HEARTBEATS.lines is not None
    first = files.write("a.gz", {"epoch": 1}, HEARTBEATS.lines(1))
    second = files.write("a.gz", {"epoch": 1}, HEARTBEATS.lines(1))
    assert first == second
    assert (first.rows, first.size) == (100, (folder / "a.gz").stat().st_size)


def test_the_latest_ranking_stays_however_old(network):
    Ranking.objects.filter(epoch__gt=1).delete()
    latest = Ranking.objects.get()
    archive_all(network)
    assert Ranking.objects.get() == latest
    assert RankingRow.objects.filter(ranking=latest).exists()


def test_every_event_that_is_dropped_is_in_the_archive(network, folder):
    """One is dispatched late: until then the events of its epoch, and of those after it, stay."""
    late = Event.objects.create(kind="share_cut", at=noon(2), epoch=2)
    archive_all(network)
    assert partitions("receipt") == [5, 6, 7, 8, 9]
    assert set(Archive.objects.filter(kind="events").values_list("epoch", flat=True)) == {1}
    assert Event.objects.filter(epoch=2).count() == 2
    Event.objects.filter(pk=late.pk).update(dispatched=True)
    archive_all(network)
    assert not Event.objects.filter(epoch__lte=4).exists()
    _, *archived = lines(folder / "events" / "epoch-00000002.ndjson.gz")
    assert [event["id"] for event in archived][-1] == late.pk
    assert len(archived) == 2


def test_a_long_reader_of_receipts_ends_the_command_with_a_sentence(network, monkeypatch):
    def wait(**named: object) -> None:
        raise OperationalError from LockNotAvailable()

    monkeypatch.setattr(services, "drop_partitions", wait)
    with pytest.raises(CommandError, match="receipts are being read"):
        run()


@pytest.mark.parametrize("kind", [RECEIPTS, HEARTBEATS, RANKINGS, EVENTS, INPUTS], ids=lambda kind: kind.name)
def test_the_open_epoch_is_not_archived(network, kind):
    with pytest.raises(ValueError, match="epoch 10 is not settled"):
        services.archive_epoch(kind, 10, now=network.now)


def test_all_is_kept_with_zero(network, settings):
    settings.INFRAMIND_KEEP_RECEIPTS = 0
    archive_all(network)
    assert partitions("receipt") == list(range(1, 10))
    assert set(Archive.objects.values_list("kind", flat=True)) == {"rankings", "events", "inputs"}


def test_the_task_archives_an_epoch_of_each_kind_and_nothing_without_an_archive(network, settings):
    tasks.archive_tick()
    assert partitions("receipt") == list(range(2, 10))
    assert set(Ranking.objects.values_list("epoch", flat=True)) == set(range(2, 10))
    settings.INFRAMIND_ARCHIVE = ""
    tasks.archive_tick()
    assert partitions("receipt") == list(range(2, 10))


def test_the_command_says_what_is_due_and_what_it_did(network):
    assert run("--dry-run").splitlines() == [
        f"{kind}: 4 epochs, 1 to 4" for kind in ("receipts", "heartbeats", "rankings", "events", "inputs")
    ]
    assert run("--list") == ""
    done = run().splitlines()
    assert done[:4] == [
        f"epoch 1: {kind} archived and dropped" for kind in ("receipts", "rankings", "events", "inputs")
    ]
    assert len(done) == 16
    assert run("--dry-run").splitlines()[0] == "receipts: 0 epochs"
    listed = run("--list").splitlines()
    assert len(listed) == 20
    assert all(line.endswith("dropped") for line in listed)


def test_the_command_finds_damage(network, folder):
    run()
    assert "DAMAGED" not in run("--verify")
    (folder / "events" / "epoch-00000002.ndjson.gz").write_bytes(b"")
    with pytest.raises(CommandError, match="1 archives are damaged"):
        run("--verify")


def test_the_command_refuses_without_an_archive_and_during_a_hold(network, settings):
    hold.hold(reason="restore", now=network.now)
    with pytest.raises(CommandError, match="restore"):
        run()
    hold.release()
    settings.INFRAMIND_ARCHIVE = ""
    with pytest.raises(CommandError, match="INFRAMIND_ARCHIVE"):
        run()
    assert not Archive.objects.exists()


def test_a_bucket_is_named_by_its_address():
    entry = archive_storage("s3://receipts.example/network/main")
    assert entry["BACKEND"] == "storages.backends.s3.S3Storage"
    assert entry["OPTIONS"] == {
        "bucket_name": "receipts.example", "location": "network/main", "default_acl": None, "file_overwrite": True,
    }  # fmt: skip
