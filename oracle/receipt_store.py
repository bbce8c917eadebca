"""Store receipts: keys that detect duplicates, and rows by COPY into the partition of their epoch (R21).

Figure: ingest, unsigned batch of 10,000
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import chain
from operator import attrgetter
from struct import Struct
from typing import Final, NamedTuple

from django.db import IntegrityError, connection, transaction

from oracle.receipt_parsing import DIGEST_BYTES, Content
from postgres.binary_copy import BytesArray, TextArray, copy_in, copy_value, execute
from staking.models import Receipt

INSERT: Final = "COPY staking_jobkey (job_id, epoch, digest) FROM STDIN (FORMAT BINARY)"
INSERT_NEW: Final = """
WITH sent AS MATERIALIZED (SELECT * FROM unnest(%(jobs)s::text[], %(digests)s::bytea[]) AS s(job_id, digest)),
taken AS (INSERT INTO staking_jobkey (job_id, epoch, digest) SELECT job_id, %(epoch)s::int, digest FROM sent
          ON CONFLICT DO NOTHING RETURNING job_id)
SELECT job_id FROM sent WHERE job_id NOT IN (SELECT job_id FROM taken)
"""
RECORDED: Final = "SELECT job_id, epoch, digest FROM staking_jobkey WHERE job_id = ANY(%(jobs)s::text[])"
LOCKED: Final = RECORDED + " ORDER BY job_id FOR UPDATE"
COMPLETE_KEYS: Final = """
UPDATE staking_jobkey k SET digest = s.digest
FROM unnest(%(jobs)s::text[], %(digests)s::bytea[]) AS s(job_id, digest) WHERE k.job_id = s.job_id
"""
COMPLETE_ROWS: Final = """
SELECT staking_complete_receipts(%(epoch)s, %(nodes)s::int[], %(jobs)s::text[], %(roots)s::bytea[], %(forged)s::bool[])
"""
COPY: Final = """
COPY staking_receipt_e{epoch} (latency_ms, deadline_ms, credits, accepted_at, epoch, node_id, outcome, proof,
  job_class, good, region, job_id, result_digest, trace_root, verified_trace_root, signature)
FROM STDIN (FORMAT BINARY)
"""

# Counted here, so that settlement need not read every receipt again.
COUNT_DEMAND: Final = """
INSERT INTO staking_demand (epoch, region, jobs)
SELECT %(epoch)s::int, s.region, s.jobs FROM unnest(%(regions)s::text[], %(jobs)s::int[]) AS s(region, jobs)
"""
REJECTED: Final = Receipt.Outcome.REJECTED.value

# The number of columns, then the length and value of each column of fixed length.
_FIXED: Final = Struct(">h iq iq iq iq ii ii ih ih ih i?")
# PostgreSQL counts µs from 2000.
_MS_TO_2000: Final = 946_684_800_000
_COLUMNS_OF_KEY: Final = b"\0\3"
_EPOCH: Final = Struct(">ii")
_by_job: Final = attrgetter("job_id")


class Recorded(NamedTuple):
    """A job that was recorded before: its epoch, the digest of its content, its verified trace root."""

    epoch: int
    digest: bytes
    verified: bytes | None


def insert_keys(contents: Collection[Content], epoch: int) -> list[str]:
    """Insert the job ids of these receipts for this epoch; returns those that exist already.

    Waits for a transaction that inserts one of them. They are inserted in their order, so that batches with the same
    jobs cannot deadlock.
    """
    ordered = sorted(contents, key=_by_job)
    try:
        with transaction.atomic():
            copy_in(INSERT, (_encoded_key(content, epoch) for content in ordered))
        return []
    except IntegrityError:
        # ON CONFLICT costs twice as much, and in most batches all job ids are new.
        values = {"jobs": _jobs(ordered), "digests": _keys(ordered), "epoch": epoch}
        return [job_id for (job_id,) in execute(INSERT_NEW, values)]


def recorded(job_ids: Collection[str], *, lock: bool = False) -> dict[str, Recorded]:
    """The recorded jobs among these, by job id; with `lock` their keys are locked to the end of the transaction."""
    if not job_ids:
        return {}
    rows = execute(LOCKED if lock else RECORDED, {"jobs": TextArray.of(job_ids)})
    return {
        job_id: Recorded(epoch, digest[:DIGEST_BYTES], digest[DIGEST_BYTES:] or None)
        for job_id, epoch, digest in rows
    }


def encode(content: Content, epoch: int, node_id: int, proof: int, good: bool) -> bytes:
    """A receipt as a row of a binary COPY; `proof` is the number of its proof state."""
    moment = (content.accepted_at - _MS_TO_2000) * 1000
    fixed = _FIXED.pack(
        16,
        8, content.latency_ms, 8, content.deadline_ms, 8, content.credits, 8, moment,
        4, epoch, 4, node_id, 2, content.outcome, 2, proof, 2, content.job_class, 1, good,
    )  # fmt: skip
    return fixed + content.body + copy_value(content.verified) + copy_value(content.signature)


def write_rows(rows: Iterator[bytes], epoch: int) -> None:
    """Copy encoded receipts into the partition of their epoch, in the order of recording (R24).

    The partition is created with the first receipts of an epoch, which the caller has locked. The server writes one
    block of rows while the next one is encoded.
    """
    first = next(rows, None)
    if first is None:
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT staking_open_partition(%s)", [epoch])
    copy_in(COPY.format(epoch=epoch), chain((first,), rows))


def count_demand(contents: Iterable[Content], epoch: int) -> None:
    """Count the accepted jobs among new receipts of the epoch by region of the requester (R26)."""
    jobs = Counter(content.region for content in contents if content.outcome != REJECTED)
    if jobs:
        execute(COUNT_DEMAND, {"epoch": epoch, "regions": TextArray.of(jobs), "jobs": list(jobs.values())})


def complete(contents: Sequence[Content], node_ids: Sequence[int], epoch: int) -> None:
    """Add verified trace roots to recorded receipts of this epoch, and update their proof states."""
    if not contents:
        return
    execute(COMPLETE_KEYS, {"jobs": _jobs(contents), "digests": _keys(contents)})
    values = {
        "epoch": epoch,
        "nodes": list(node_ids),
        "jobs": _jobs(contents),
        "roots": BytesArray.of([content.verified or b"" for content in contents]),
        "forged": [content.traces_differ for content in contents],
    }
    execute(COMPLETE_ROWS, values)


def _jobs(contents: Collection[Content]) -> TextArray:
    return TextArray.of([content.job_id for content in contents])


def _keys(contents: Collection[Content]) -> BytesArray:
    return BytesArray.of([_key(content) for content in contents])


def _key(content: Content) -> bytes:
    return content.digest + content.verified if content.verified else content.digest


def _encoded_key(content: Content, epoch: int) -> bytes:
    return b"".join(
        (
            _COLUMNS_OF_KEY,
            copy_value(content.job_id.encode()),
            _EPOCH.pack(4, epoch),
            copy_value(_key(content)),
        )
    )
