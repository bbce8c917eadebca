"""Files to import, and the commands that import them."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection

from ledger.models import Entry
from staking.models import (
    Attestation,
    EarlyHeartbeat,
    Epoch,
    Event,
    Heartbeat,
    JobKey,
    Node,
    NodeEpoch,
    Receipt,
)

NODES = ("node", "operator", "region", "name")
RECEIPTS = (
    "job_id", "node", "job_class", "region", "accepted_at", "deadline_ms", "latency_ms", "outcome", "credits",
)  # fmt: skip
HEARTBEATS = ("node", "at")
Rows = Iterable[Sequence[object]]
Write = Callable[..., str]


def text_of(columns: Sequence[str], rows: Rows) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([columns, *rows])
    return text.getvalue().encode()


def write(path: Path, columns: Sequence[str], rows: Rows) -> str:
    """A CSV file, packed when its name says so."""
    text = text_of(columns, rows)
    path.write_bytes(gzip.compress(text) if path.suffix == ".gz" else text)
    return str(path)


def run(*command: str) -> tuple[str, str]:
    """Return stdout and stderr of a management command, its CommandError at the end of stderr."""
    out, err = io.StringIO(), io.StringIO()
    try:
        call_command(*command, stdout=out, stderr=err)
    except CommandError as error:
        err.write(f"CommandError: {error}")
    return out.getvalue().strip(), err.getvalue().strip()


def everything() -> dict[str, str]:
    """A digest of every table that imports could change, to see that they did not."""
    kinds = (Node, Receipt, JobKey, Heartbeat, EarlyHeartbeat, Attestation, Epoch, NodeEpoch, Entry, Event)
    counts = {}
    with connection.cursor() as cursor:
        for table in (kind._meta.db_table for kind in kinds):
            cursor.execute(
                f"SELECT count(*) || ' ' || coalesce(sum(hashtextextended(t::text, 0)), 0) FROM {table} t"
            )
            counts[table] = cursor.fetchone()[0]
    return counts
