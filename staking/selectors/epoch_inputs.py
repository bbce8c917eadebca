"""The inputs of a settled epoch, as files from which anyone can recompute it (R53)."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.files.storage import storages
from django.db import connection, transaction

from protocol import performance as rules
from protocol.errors import NotFound
from protocol.parameters import JOB_CLASSES
from protocol.times import unix_ms
from staking.models import Archive, Epoch, EpochInputs, NodeEpoch, Receipt
from staking.selectors.epochs import epoch as read_epoch
from web.storage_errors import storage_errors

SCHEMA = 1
BLOCK = 2_000
OUTCOMES = {Receipt.Outcome[name.upper()].value: name for name in rules.OUTCOMES}
PROOFS = {proof.value: proof.name.lower() for proof in Receipt.Proof}

RECEIPTS = """
SELECT r.job_id, n.address, r.job_class, r.region, r.accepted_at, r.deadline_ms, r.latency_ms, r.outcome, r.credits,
  r.result_digest, r.trace_root, r.verified_trace_root, r.signature, r.proof
FROM staking_receipt r JOIN staking_node n ON n.id = r.node_id WHERE r.epoch = %s ORDER BY r.seq
"""


def inputs_of(number: int) -> bytes:
    """The gzip file of an epoch's inputs; from the archive once they were dropped.

    Raises: `not_found`, also while the epoch is not settled and when neither database nor archive has its inputs.
    """
    _settled(number)
    content = EpochInputs.objects.filter(epoch=number).values_list("content", flat=True).first()
    if content is not None:
        return bytes(content)
    archive = Archive.objects.filter(kind="inputs", epoch=number).first()
    if archive is None:
        raise NotFound(f"The inputs of epoch {number} are not stored any more.")
    return b"".join(_archived(archive))


def receipts_of(number: int) -> Iterator[bytes]:
    """The gzip file of an epoch's receipts in recorded order, in blocks; from the archive once they were dropped.

    Raises: `not_found`, also while the epoch is not settled and when neither database nor archive has its receipts.
    """
    _settled(number)
    archive = Archive.objects.filter(kind="receipts", epoch=number).exclude(forgotten_at=None).first()
    if archive is not None:
        return _archived(archive)
    count = Receipt.objects.filter(epoch=number).count()
    counted = NodeEpoch.objects.filter(epoch=number, accepted__gt=0).exists()
    if counted and not count:
        raise NotFound(f"The receipts of epoch {number} are not stored any more.")
    return _compressed(_receipt_lines(number, count))


def _archived(archive: Archive) -> Iterator[bytes]:
    try:
        file = storages["archive"].open(archive.name)
    except storage_errors() as error:
        raise NotFound(
            f"The {archive.kind} of epoch {archive.epoch} are archived, and the archive is not here."
        ) from error
    return file.chunks()


def _settled(number: int) -> None:
    if read_epoch(number).status != Epoch.Status.SETTLED:
        raise NotFound(f"Epoch {number} is not settled yet, so nothing of it is published.")


def _receipt_lines(number: int, count: int) -> Iterator[str]:
    yield _line(
        {
            "type": "header",
            "schema": SCHEMA,
            "epoch": number,
            "chain_id": settings.INFRAMIND_CHAIN_ID,
            "lines": count,
        }
    )
    with transaction.atomic(), connection.chunked_cursor() as cursor:
        cursor.execute(RECEIPTS, [number])
        while rows := cursor.fetchmany(BLOCK):
            yield "".join(_line(_receipt(row)) for row in rows)


def _receipt(row: tuple[Any, ...]) -> dict[str, Any]:
    job_id, node, job_class, region, accepted_at, deadline, latency, outcome, credits, *digests, proof = row
    result, trace, verified, signature = (_hex(value) for value in digests)
    return {
        "job_id": job_id, "node": node, "job_class": JOB_CLASSES[job_class], "region": region,
        "accepted_at": unix_ms(accepted_at), "deadline_ms": deadline, "latency_ms": latency,
        "outcome": OUTCOMES[outcome], "credits": credits, "result_digest": result, "trace_root": trace,
        "verified_trace_root": verified, "signature": signature, "proof": PROOFS[proof],
    }  # fmt: skip


def _hex(value: Any) -> str | None:
    return None if value is None else "0x" + bytes(value).hex()


def _line(value: dict[str, Any]) -> str:
    return json.dumps(value, separators=(",", ":")) + "\n"


def _compressed(texts: Iterator[str]) -> Iterator[bytes]:
    stream = zlib.compressobj(6, zlib.DEFLATED, 31)
    for text in texts:
        block = stream.compress(text.encode())
        if block:
            yield block
    yield stream.flush()
