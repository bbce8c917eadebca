"""Parse one receipt strictly, and compute a digest of its content (R21).

Figure: ingest, unsigned batch of 10,000
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b
from struct import Struct
from typing import Final, NamedTuple

from oracle.batch_parsing import (
    read_address,
    read_bytes,
    read_moment,
    read_object,
    read_text,
    read_whole,
)
from postgres.binary_copy import copy_value
from protocol.errors import ReceiptInvalid
from protocol.performance import OUTCOMES
from protocol.signatures import canonical_signature, receipt_digest, recover
from protocol.tables import JOB_CLASSES

DIGEST_BYTES: Final = 20
_ABSENT: Final = bytes(32)
_CLASS_NUMBERS: Final = {name: number for number, name in enumerate(JOB_CLASSES)}
_OUTCOME_NUMBERS: Final = {name: number for number, name in enumerate(OUTCOMES)}
_NUMBERS: Final = Struct(">4q2B")


class Content(NamedTuple):
    """A well-formed receipt: times in ms, credits in µIFM, class and outcome as their index in the tables.

    `position` is that of the item in its batch. `body` is region, job id, result digest and trace root in the format of
    a binary COPY. `digest` covers everything but `verified`, the verified trace root, which may be added later.
    """

    position: int
    job_id: str
    node: str
    job_class: int
    region: str
    accepted_at: int
    deadline_ms: int
    latency_ms: int
    outcome: int
    credits: int
    result_digest: bytes | None
    trace_root: bytes | None
    verified: bytes | None
    signature: bytes | None
    body: bytes
    digest: bytes

    @property
    def traces_differ(self) -> bool:
        """True if a quorum executed the job again with another trace; an absent one is 32 zero bytes (R21)."""
        return self.verified is not None and self.verified != (self.trace_root or _ABSENT)


def read_content(item: object, position: int) -> Content:
    """The receipt in the item at `position` of its batch. Raises: `receipt_invalid`, `address_invalid`."""
    get = read_object(item).get
    job_id = read_text(get("job_id"), "job_id", 64)
    node = read_address(get("node"), "node")
    job_class = _number_of(get("job_class"), _CLASS_NUMBERS, "job_class")
    region = read_text(get("region"), "region", 32)
    accepted_at = read_moment(get("accepted_at"), "accepted_at")
    deadline_ms = read_whole(get("deadline_ms"), "deadline_ms")
    latency_ms = read_whole(get("latency_ms"), "latency_ms")
    outcome = _number_of(get("outcome"), _OUTCOME_NUMBERS, "outcome")
    credits = read_whole(get("credits"), "credits")
    # Optional fields are absent in most receipts; the checks save a call for each.
    result = None if (sent := get("result_digest")) is None else _digest(sent, "result_digest")
    trace = None if (sent := get("trace_root")) is None else _digest(sent, "trace_root")
    verified = (
        None if (sent := get("verified_trace_root")) is None else read_bytes(sent, "verified_trace_root", 32)
    )
    signature = None if (sent := get("signature")) is None else _signature(sent)
    body = _region(region) + copy_value(job_id.encode()) + copy_value(result) + copy_value(trace)
    numbers = _NUMBERS.pack(accepted_at, deadline_ms, latency_ms, credits, job_class, outcome)
    # Every part but the last has a fixed length or a length prefix, so that two contents have different bytes.
    whole = numbers + node.encode() + body + (signature or b"")
    return Content(
        position, job_id, node, job_class, region, accepted_at, deadline_ms, latency_ms, outcome, credits,
        result, trace, verified, signature, body, blake2b(whole, digest_size=DIGEST_BYTES).digest(),
    )  # fmt: skip


def signer_of(content: Content, chain_id: int) -> str | None:
    """The address whose key signed the receipt; None without a signature, or with nobody's (R21)."""
    if content.signature is None:
        return None
    digest = receipt_digest(
        chain_id,
        job_id=content.job_id,
        node=content.node,
        job_class=JOB_CLASSES[content.job_class],
        region=content.region,
        accepted_at=content.accepted_at,
        deadline_ms=content.deadline_ms,
        latency_ms=content.latency_ms,
        outcome=OUTCOMES[content.outcome],
        credits=content.credits,
        result_digest=content.result_digest,
        trace_root=content.trace_root,
    )
    return recover(digest, content.signature)


@lru_cache(maxsize=1_024)
def _region(region: str) -> bytes:
    return copy_value(region.encode())


def _digest(sent: object, field: str) -> bytes | None:
    # An absent digest is signed as zeros: written out or left out, it is the same receipt.
    read = read_bytes(sent, field, 32)
    return None if read == _ABSENT else read


def _signature(sent: object) -> bytes:
    # A signature of no bytes is one of the wrong length: what the node did not send is left out or null (R21).
    return canonical_signature(read_bytes(sent, "signature", 65) or b"")


def _number_of(name: object, numbers: dict[str, int], field: str) -> int:
    number = numbers.get(name) if isinstance(name, str) else None
    if number is None:
        raise ReceiptInvalid(f"Give {field} as one of {', '.join(numbers)}.", field=field)
    return number
