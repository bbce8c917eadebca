"""Where receipts are kept: keys that decide duplicates, rows by COPY into the partition of their epoch (R21).

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

VALID, FORGED = Receipt.Proof.VALID.value, Receipt.Proof.FORGED.value

TAKE: Final = "COPY staking_jobkey (job_id, epoch, digest) FROM STDIN (FORMAT BINARY)"
TAKE_FREE: Final = """
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
# A valid proof becomes forged; one that was missing, invalid or unchecked stays what it was (R22).
COMPLETE_ROWS: Final = f"""
UPDATE staking_receipt r SET verified_trace_root = s.root,
  proof = CASE WHEN s.forged AND r.proof = {VALID} THEN {FORGED} ELSE r.proof END,
  good = r.good AND NOT (s.forged AND r.proof = {VALID})
FROM unnest(%(nodes)s::int[], %(jobs)s::text[], %(roots)s::bytea[], %(forged)s::bool[])
  AS s(node_id, job_id, root, forged)
WHERE r.epoch = %(epoch)s AND r.node_id = s.node_id AND r.job_id = s.job_id AND {{which}}
"""
COPY: Final = """
COPY staking_receipt_e{epoch} (latency_ms, deadline_ms, credits, accepted_at, epoch, node_id, outcome, proof,
  job_class, good, region, job_id, result_digest, trace_root, verified_trace_root, signature)
FROM STDIN (FORMAT BINARY)
"""

# Settlement would otherwise read every receipt once more for it.
COUNT_DEMAND: Final = """
INSERT INTO staking_demand (epoch, region, jobs)
SELECT %(epoch)s::int, s.region, s.jobs FROM unnest(%(regions)s::text[], %(jobs)s::int[]) AS s(region, jobs)
"""
REJECTED: Final = Receipt.Outcome.REJECTED.value

# The number of columns, then each fixed one with its length before it.
_FIXED: Final = Struct(">h iq iq iq iq ii ii ih ih ih i?")
# PostgreSQL counts µs from 2000.
_MS_TO_2000: Final = 946_684_800_000
_COLUMNS_OF_KEY: Final = b"\0\3"
_EPOCH: Final = Struct(">ii")
_by_job: Final = attrgetter("job_id")


class Recorded(NamedTuple):
    """What is known of a job recorded before: its epoch, the digest of its content, its verified trace root."""

    epoch: int
    digest: bytes
    verified: bytes | None


def take_keys(contents: Collection[Content], epoch: int) -> list[str]:
    """Take the job ids of these receipts for this epoch; those that were taken before are answered.

    Waits for a transaction that is taking one of them. All take them in their order, so that batches with the
    same jobs never wait for each other in a ring.
    """
    ordered = sorted(contents, key=_by_job)
    try:
        with transaction.atomic():
            copy_in(TAKE, (_encoded_key(content, epoch) for content in ordered))
        return []
    except IntegrityError:
        # Asking for each row costs twice as much, and mostly all are free.
        asked = {"jobs": _jobs(ordered), "digests": _keys(ordered), "epoch": epoch}
        return [job_id for (job_id,) in execute(TAKE_FREE, asked)]


def recorded(job_ids: Collection[str], *, lock: bool = False) -> dict[str, Recorded]:
    """What is recorded of these jobs; with `lock` their keys are held to the end of the transaction."""
    if not job_ids:
        return {}
    rows = execute(LOCKED if lock else RECORDED, {"jobs": TextArray.of(job_ids)})
    return {
        job_id: Recorded(epoch, digest[:DIGEST_BYTES], digest[DIGEST_BYTES:] or None)
        for job_id, epoch, digest in rows
    }


def encode(content: Content, epoch: int, node_id: int, proof: int, good: bool) -> bytes:
    """A receipt as a row of a binary COPY; its proof state by number."""
    moment = (content.accepted_at - _MS_TO_2000) * 1000
    fixed = _FIXED.pack(
        16,
        8, content.latency_ms, 8, content.deadline_ms, 8, content.credits, 8, moment,
        4, epoch, 4, node_id, 2, content.outcome, 2, proof, 2, content.job_class, 1, good,
    )  # fmt: skip
    return fixed + content.body + copy_value(content.verified) + copy_value(content.signature)


def write_rows(rows: Iterator[bytes], epoch: int) -> None:
    """Copy encoded receipts into the partition of their epoch, in the order in which they count as recorded (R24).

    The first ones of an epoch make it; the caller holds the epoch. The server takes one piece in while the rows of
    the next one are made.
    """
    first = next(rows, None)
    if first is None:
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT staking_open_partition(%s)", [epoch])
    copy_in(COPY.format(epoch=epoch), chain((first,), rows))


def count_demand(contents: Iterable[Content], epoch: int) -> None:
    """Count the accepted ones among new receipts of the epoch by the region that asked for them (R26)."""
    asked = Counter(content.region for content in contents if content.outcome != REJECTED)
    if asked:
        execute(COUNT_DEMAND, {"epoch": epoch, "regions": TextArray.of(asked), "jobs": list(asked.values())})


def complete(contents: Sequence[Content], node_ids: Sequence[int], epoch: int) -> None:
    """Add the verified trace roots that came later to receipts of this epoch, and judge their proofs by them."""
    if not contents:
        return
    execute(COMPLETE_KEYS, {"jobs": _jobs(contents), "digests": _keys(contents)})
    asked = {
        "epoch": epoch,
        "nodes": list(node_ids),
        "jobs": _jobs(contents),
        "roots": BytesArray.of([content.verified or b"" for content in contents]),
        "forged": [content.traces_differ for content in contents],
    }
    # Two statements, since the rows of a node are found by two partial indexes.
    for which in ("NOT r.good", "r.good"):
        execute(COMPLETE_ROWS.format(which=which), asked)


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
