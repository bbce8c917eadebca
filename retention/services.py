"""Archive an epoch's rows, forget its job ids, drop it.

Beyond the ORM: a delete that joins a partition, and the dropping of partitions.
"""

from __future__ import annotations

from datetime import datetime
from itertools import islice
from typing import Any

from django.db import connection, transaction
from django.db.models import Max

from retention import files
from retention.kinds import EVENTS, HEARTBEATS, RECEIPTS, Kind, drop_rows
from staking.models import Archive, Epoch, Event, Network, Receipt
from staking.services.epochs import lock_open_epoch, lock_out_writers
from staking.services.partitions import drop_partitions

# Receipts whose keys are deleted in one transaction.
BATCH = 10_000
DELETE_KEYS = "DELETE FROM staking_jobkey WHERE job_id = ANY(%s) AND epoch = %s"


class TooNew(Exception):
    """Raised while receipts of the epoch could still be accepted, or while events of it are still to be dispatched."""


def archive_epoch(kind: Kind, epoch: int, *, now: datetime) -> Archive:
    """Write the rows of a settled epoch into a file and record it; one that is recorded is verified instead.

    Raises: files.Damaged, TooNew, ValueError for an epoch that is not settled.
    """
    if not Epoch.objects.filter(number=epoch, status=Epoch.Status.SETTLED).exists():
        raise ValueError(f"epoch {epoch} is not settled")
    former = Archive.objects.filter(kind=kind.name, epoch=epoch).first()
    if former is not None:
        files.verify(former.name, former.sha256)
        return former
    if kind is EVENTS and Event.objects.filter(epoch=epoch, dispatched=False).exists():
        # Dispatched later, it would be dropped with the others and be in no archive.
        raise TooNew(f"epoch {epoch} has an event that is not dispatched")
    name = kind.file_name(epoch)
    newest = (
        Receipt.objects.filter(epoch=epoch).aggregate(at=Max("accepted_at"))["at"]
        if kind is RECEIPTS
        else None
    )
    if kind.lines is None:
        assert kind.published is not None
        written = files.copy(name, kind.published(epoch))
    else:
        written = files.write(name, _header(kind, epoch), kind.lines(epoch))
    archive, _ = Archive.objects.get_or_create(
        kind=kind.name,
        epoch=epoch,
        defaults={
            "name": name, "rows": written.rows, "size": written.size, "sha256": written.sha256,
            "newest": newest, "archived_at": now,
        },
    )  # fmt: skip
    return archive


def drop_epoch(kind: Kind, epoch: int, *, now: datetime) -> None:
    """Drop the rows of an archived epoch from the database. Runs again after it was interrupted.

    Raises: files.Damaged when the archive is not what was written, TooNew, Archive.DoesNotExist.
    """
    archive = Archive.objects.get(kind=kind.name, epoch=epoch)
    if archive.dropped_at is not None:
        return
    files.verify(archive.name, archive.sha256)
    if kind is RECEIPTS:
        _drop_receipts(archive, now=now)
    elif kind is HEARTBEATS:
        raise ValueError("heartbeats are dropped with the receipts of their epoch")
    else:
        with transaction.atomic():
            drop_rows(kind, epoch)
            _mark_dropped(kind, epoch, now)


def _drop_receipts(archive: Archive, *, now: datetime) -> None:
    """Forget the job ids, delete their keys, drop the partitions of receipts and heartbeats."""
    beats = Archive.objects.get(kind=HEARTBEATS.name, epoch=archive.epoch)
    files.verify(beats.name, beats.sha256)
    forget(archive, now=now)
    _delete_keys(archive.epoch)
    with transaction.atomic():
        drop_partitions(epoch=archive.epoch)
        for kind in (RECEIPTS, HEARTBEATS):
            _mark_dropped(kind, archive.epoch, now)


def forget(archive: Archive, *, now: datetime) -> None:
    """From now on a receipt that is not later than the newest of this epoch is refused (`receipt_time`).

    Batches hold the epoch's lock shared, so none that began before compares its receipts with keys that are gone.
    Raises: TooNew.
    """
    with transaction.atomic():
        lock_out_writers()
        epoch = lock_open_epoch()
        earliest = epoch.start - 2 * (epoch.end - epoch.start)
        if archive.newest is not None and archive.newest >= earliest:
            raise TooNew(
                f"epoch {archive.epoch} has a receipt of {archive.newest}, accepted again since {earliest}"
            )
        Archive.objects.filter(pk=archive.pk, forgotten_at=None).update(forgotten_at=now)


def _delete_keys(epoch: int) -> None:
    """Delete the keys of an epoch's receipts in batches of some thousands, so that the ingest is not blocked.

    The job ids are read first: receipts can be on other machines than the keys (docs/scaling.md).
    """
    receipts = Receipt.objects.filter(epoch=epoch)
    jobs = receipts.values_list("job_id", flat=True).iterator(chunk_size=BATCH)
    with connection.cursor() as cursor:
        while batch := list(islice(jobs, BATCH)):
            cursor.execute(DELETE_KEYS, [batch, epoch])


def _mark_dropped(kind: Kind, epoch: int, now: datetime) -> None:
    Archive.objects.filter(kind=kind.name, epoch=epoch).update(dropped_at=now)


def _header(kind: Kind, epoch: int) -> dict[str, Any]:
    network = Network.objects.get()
    row = Epoch.objects.get(number=epoch)
    return {
        "kind": kind.name,
        "network": network.kind,
        "chain_id": network.chain_id,
        "epoch": epoch,
        "start": row.start.isoformat(),
        "end": row.end.isoformat(),
        "merkle_root": row.merkle_root,
    }
