"""The receipts of an epoch as NDJSON: each as the oracle sends it (R21), with `seq` and `proof` as recorded."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from django.db import connection

from protocol.addresses import checksum
from protocol.tables import JOB_CLASSES
from retention.files import encode
from staking.models import Node, Receipt

COLUMNS = {
    "seq": "int8", "job_id": "text", "node_id": "int4", "job_class": "int2", "region": "text",
    "accepted_at": "timestamptz", "deadline_ms": "int8", "latency_ms": "int8", "outcome": "int2", "credits": "int8",
    "result_digest": "bytea", "trace_root": "bytea", "verified_trace_root": "bytea", "signature": "bytea",
    "proof": "int2",
}  # fmt: skip
COPY = (
    f"COPY (SELECT {', '.join(COLUMNS)} FROM staking_receipt WHERE epoch = {{epoch}} ORDER BY seq) TO STDOUT"
)
OUTCOMES = {choice.value: choice.name.lower() for choice in Receipt.Outcome}
PROOFS = {choice.value: choice.name.lower() for choice in Receipt.Proof}


def receipt_lines(epoch: int) -> Iterator[bytes]:
    """The receipts of an epoch in the order in which they were recorded; read as a stream, in one statement."""
    addresses = {id_: checksum(address) for id_, address in Node.objects.values_list("id", "address")}
    with connection.cursor() as cursor, cursor.copy(COPY.format(epoch=int(epoch))) as copy:
        copy.set_types(COLUMNS.values())
        for row in copy.rows():
            yield encode(_receipt(dict(zip(COLUMNS, row, strict=True)), addresses))


def _receipt(row: dict[str, Any], addresses: dict[int, str]) -> dict[str, Any]:
    node_id = row.pop("node_id")
    row |= {
        "node": addresses[node_id],
        "job_class": JOB_CLASSES[row["job_class"]],
        "accepted_at": rfc3339(row["accepted_at"]),
        "outcome": OUTCOMES[row["outcome"]],
        "proof": PROOFS[row["proof"]],
    }
    for name in ("result_digest", "trace_root", "verified_trace_root", "signature"):
        row[name] = None if row[name] is None else "0x" + bytes(row[name]).hex()
    return {name: value for name, value in row.items() if value is not None}


def rfc3339(at: datetime) -> str:
    """UTC with milliseconds, as receipts and heartbeats have it."""
    at = at.astimezone(UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03}Z"
