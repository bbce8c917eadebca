"""Evidence of a slash: the receipts that prove it, and the node's epochs around the offence."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from protocol.parameters import JOB_CLASSES
from protocol.signatures import receipt_digest, recover
from protocol.times import unix_ms
from staking.models import FormerSigningKey, NodeEpoch, Receipt, Slash

EPOCHS_AROUND = 10


@dataclass(frozen=True, slots=True)
class EvidenceReceipt:
    """A receipt of the evidence. `signer`: the address recovered from its signature, "" when there is none."""

    job_id: str
    job_class: str
    accepted_at: datetime
    latency_ms: int
    deadline_ms: int
    outcome: str
    proof: str
    signer: str
    trace_root: str
    verified_trace_root: str

    @property
    def late(self) -> bool:
        return self.outcome == "completed" and self.latency_ms > self.deadline_ms


def former_signing_keys(slash: Slash) -> list[str]:
    """The keys that judged receipts in the slash's epoch and were replaced in it, in the order of their use (R22)."""
    former = FormerSigningKey.objects.filter(node=slash.node_id, epoch=slash.epoch).order_by("receipts")
    return list(former.values_list("key", flat=True))


def receipts_of(slash: Slash, *, limit: int, offset: int) -> list[EvidenceReceipt]:
    """Return a page of the receipts that the slash names, in recorded order; none after their epoch was dropped."""
    jobs = slash.evidence[offset : offset + limit]
    receipts = Receipt.objects.filter(epoch=slash.epoch, node_id=slash.node_id, job_id__in=jobs)
    return [_evidence_receipt(receipt, slash.node.address) for receipt in receipts.order_by("seq")]


def epochs_around(slash: Slash) -> list[NodeEpoch]:
    """Return the node's settled epochs around the offence, oldest first."""
    span = (slash.epoch - EPOCHS_AROUND, slash.epoch + EPOCHS_AROUND)
    return list(NodeEpoch.objects.filter(node_id=slash.node_id, epoch__range=span).order_by("epoch"))


def _evidence_receipt(receipt: Receipt, node: str) -> EvidenceReceipt:
    return EvidenceReceipt(
        job_id=receipt.job_id,
        job_class=JOB_CLASSES[receipt.job_class],
        accepted_at=receipt.accepted_at,
        latency_ms=receipt.latency_ms,
        deadline_ms=receipt.deadline_ms,
        outcome=Receipt.Outcome(receipt.outcome).name.lower(),
        proof=Receipt.Proof(receipt.proof).name.lower(),
        signer=_signer(receipt, node),
        trace_root=_hex(receipt.trace_root),
        verified_trace_root=_hex(receipt.verified_trace_root),
    )


def _signer(receipt: Receipt, node: str) -> str:
    if receipt.signature is None:
        return ""
    digest = receipt_digest(
        settings.INFRAMIND_CHAIN_ID,
        job_id=receipt.job_id,
        node=node,
        job_class=JOB_CLASSES[receipt.job_class],
        region=receipt.region,
        accepted_at=unix_ms(receipt.accepted_at),
        deadline_ms=receipt.deadline_ms,
        latency_ms=receipt.latency_ms,
        outcome=Receipt.Outcome(receipt.outcome).name.lower(),
        credits=receipt.credits,
        result_digest=_bytes(receipt.result_digest),
        trace_root=_bytes(receipt.trace_root),
    )
    return recover(digest, bytes(receipt.signature)) or ""


def _bytes(value: memoryview | bytes | None) -> bytes | None:
    return None if value is None else bytes(value)


def _hex(value: memoryview | bytes | None) -> str:
    return "" if value is None else "0x" + bytes(value).hex()
