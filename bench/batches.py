"""Batches of receipts as the oracle sends them, signed or not, from a hundred nodes."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Any

from django.conf import settings

from protocol.addresses import checksum, keccak256
from protocol.signatures import address_of_private_key, receipt_digest, sign
from protocol.times import MS, UNIX
from staking.services import nodes

NODES, ROWS = 100, 10_000


@cache
def key(number: int) -> bytes:
    return keccak256(f"bench {number}".encode())


def register(now: datetime) -> None:
    for number in range(NODES):
        address = address_of_private_key(key(number))
        nodes.register(address=address, operator=address, name=f"bench {number}", region="eu-west", now=now)


def batch(
    tag: str, at: datetime, *, signed: bool, rows: int = ROWS, nodes: int = NODES
) -> list[dict[str, Any]]:
    """Return `rows` receipts of `nodes` nodes, no two with the same job id."""
    return [
        _receipt(f"bench-{tag}-{number:06}", number, at, key(number % nodes), signed=signed)
        for number in range(rows)
    ]


def _receipt(job_id: str, number: int, at: datetime, private: bytes, *, signed: bool) -> dict[str, Any]:
    moment = UNIX + (at - UNIX) // MS * MS
    result, trace = keccak256(job_id.encode()), keccak256(b"trace" + job_id.encode())
    fields: dict[str, Any] = {
        "job_class": "gpu",
        "region": "eu-west",
        "deadline_ms": 2_000,
        "latency_ms": 100 + number % 700,
        "outcome": "completed",
        "credits": 50_000,
    }
    receipt = {
        "job_id": job_id,
        "node": checksum(address_of_private_key(private)),
        **fields,
        "accepted_at": f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03}Z",
        "result_digest": "0x" + result.hex(),
        "trace_root": "0x" + trace.hex(),
    }
    if signed:
        digest = receipt_digest(
            settings.INFRAMIND_CHAIN_ID,
            job_id=job_id,
            node=address_of_private_key(private),
            accepted_at=(moment - UNIX) // MS,
            result_digest=result,
            trace_root=trace,
            **fields,
        )
        receipt["signature"] = "0x" + sign(digest, private).hex()
    return receipt
