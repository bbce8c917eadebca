"""Machines that sign receipts with keys of their own, and the receipts that an oracle sends for them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from oracle import receipts
from oracle.batch_parsing import BatchResult
from protocol.addresses import checksum, keccak256
from protocol.signatures import address_of_private_key, receipt_digest, sign
from protocol.times import unix_ms
from staking.models import JobKey, Receipt
from staking.services import nodes
from tests.network import START, operator

TRACE, RESULT, OTHER = b"\x22" * 32, b"\x11" * 32, b"\x33" * 32
UNSIGNED = ("signature", "verified_trace_root")
# `sign` wants None where JSON leaves a digest out.
DIGESTS = ("result_digest", "trace_root")


def key(number: int) -> bytes:
    return keccak256(f"machine {number}".encode())


def address(number: int) -> str:
    return address_of_private_key(key(number))


def register(count: int, **more: Any) -> list[int]:
    """Register machines 0 … count − 1; their ids."""
    made = {"region": "eu-west", **more}
    return [
        nodes.register(
            address=address(number), operator=operator(number), name=f"machine {number}", now=START, **made
        ).id
        for number in range(count)
    ]


def rfc3339(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03}Z"


def unsigned(
    job_id: str = "job-1", number: int = 0, *, at: datetime | None = None, **changed: Any
) -> dict[str, Any]:
    """A receipt of machine `number`, one hour into the first epoch, without a signature."""
    receipt = {
        "job_id": job_id,
        "node": checksum(address(number)),
        "job_class": "gpu",
        "region": "us-east",
        "accepted_at": rfc3339(at or START + timedelta(hours=1)),
        "deadline_ms": 2_000,
        "latency_ms": 840,
        "outcome": "completed",
        "credits": 50_000,
        "result_digest": "0x" + RESULT.hex(),
        "trace_root": "0x" + TRACE.hex(),
        **changed,
    }
    return {name: value for name, value in receipt.items() if value is not None}


def signed(
    job_id: str = "job-1", number: int = 0, *, by: int | None = None, **changed: Any
) -> dict[str, Any]:
    """The same, signed by the machine, or by machine `by`."""
    receipt = unsigned(job_id, number, **changed)
    return {**receipt, "signature": "0x" + signature(receipt, key(number if by is None else by)).hex()}


def signature(receipt: dict[str, Any], private: bytes, *, chain_id: int | None = None) -> bytes:
    fields = {name: value for name, value in receipt.items() if name not in UNSIGNED}
    fields |= {name: _bytes(receipt.get(name)) for name in DIGESTS}
    fields |= {
        "node": receipt["node"].lower(),
        "accepted_at": unix_ms(datetime.fromisoformat(receipt["accepted_at"].upper())),
    }
    chosen = settings.INFRAMIND_CHAIN_ID if chain_id is None else chain_id
    return sign(receipt_digest(chosen, **fields), private)


def send(*items: object, at: datetime | None = None, unchecked: bool = False) -> BatchResult:
    """Send items to the ingest two hours into the first epoch, and return its result."""
    return receipts.ingest(items=items, now=at or START + timedelta(hours=2), unchecked=unchecked)


def counted(answer: BatchResult) -> tuple[int, int, list[str]]:
    """Accepted, duplicates, codes of the refused."""
    return answer.accepted, answer.duplicates, [refused.code for refused in answer.rejected]


def proofs() -> dict[str, tuple[str, bool]]:
    """By job id: the proof state that was recorded, and whether the job is good."""
    rows = Receipt.objects.values_list("job_id", "proof", "good")
    return {job_id: (Receipt.Proof(proof).name.lower(), good) for job_id, proof, good in rows}


def recorded() -> list[str]:
    """The job ids in the order of their recording; each has its key."""
    job_ids = list(Receipt.objects.order_by("epoch", "seq").values_list("job_id", flat=True))
    assert sorted(job_ids) == sorted(JobKey.objects.values_list("job_id", flat=True))
    return job_ids


def _bytes(text: str | None) -> bytes | None:
    return bytes.fromhex(text[2:]) if text else None
