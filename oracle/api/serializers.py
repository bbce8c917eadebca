"""Schemas of the oracle's requests and of the answers to them."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from protocol.performance import OUTCOMES, PROOF_FORGED, PROOF_INVALID, PROOF_MISSING
from protocol.tables import JOB_CLASSES
from web.api import fields
from web.api.fields import AddressField, MomentField, ObjectField

NOT_VALID = (PROOF_MISSING, PROOF_INVALID, PROOF_FORGED)
_WHOLE = {"type": "integer", "minimum": 0, "maximum": 2**63 - 1}
_HEX32 = {"type": ["string", "null"], "pattern": "^0x[0-9a-fA-F]{64}$"}
RECEIPT: dict[str, Any] = {
    "title": "Receipt",
    "type": "object",
    "required": [
        "job_id", "node", "job_class", "region", "accepted_at", "deadline_ms", "latency_ms", "outcome", "credits",
    ],
    "properties": {
        "job_id": {"type": "string", "minLength": 1, "maxLength": 64},
        "node": fields.ADDRESS,
        "job_class": {"type": "string", "enum": list(JOB_CLASSES)},
        "region": {"type": "string", "minLength": 1, "maxLength": 32},
        "accepted_at": fields.MOMENT,
        "deadline_ms": _WHOLE,
        "latency_ms": _WHOLE,
        "outcome": {"type": "string", "enum": list(OUTCOMES)},
        "credits": {**_WHOLE, "description": "µIFM"},
        "result_digest": _HEX32,
        "trace_root": _HEX32,
        "verified_trace_root": _HEX32,
        "signature": {
            "type": ["string", "null"],
            "pattern": "^0x[0-9a-fA-F]{130}$",
            "description": "r, s and v in 65 bytes by the node's signing key. v may be 0, 1, 27 or 28; 0 and 1 are"
            " stored as 27 and 28. r and s from 1 to the curve order - 1, s in its lower half: anything else is"
            " `receipt_invalid`.",
        },
    },
}  # fmt: skip
HEARTBEAT: dict[str, Any] = {
    "title": "Heartbeat",
    "type": "object",
    "required": ["node", "at"],
    "properties": {"node": fields.ADDRESS, "at": fields.MOMENT},
}


def batch_of(name: str, item: dict[str, Any], most: int) -> dict[str, Any]:
    """A body with a list of such items. Other values are rejected one by one."""
    other = {"title": "Anything else", "description": "Answered among `rejected`."}
    items = {"type": "array", "maxItems": most, "items": {"anyOf": [item, other]}}
    return {"type": "object", "required": [name], "properties": {name: items}}


class RejectedItemSchema(serializers.Serializer[Any]):
    """An item that was rejected."""

    index = serializers.IntegerField(help_text="Its position in the batch, from 0.")
    job_id = serializers.CharField(allow_null=True)
    code = serializers.CharField()
    detail = serializers.CharField()


class BatchResultSchema(serializers.Serializer[Any]):
    """The result of a batch."""

    accepted = serializers.IntegerField(help_text="Recorded now, or completed by a verified trace root.")
    duplicates = serializers.IntegerField(help_text="Recorded before: not counted again.")
    rejected = RejectedItemSchema(many=True)


class NotValidSchema(serializers.Serializer[Any]):
    """An item that was not rejected, and whose proof is not valid."""

    index = serializers.IntegerField(help_text="Its position in the batch, from 0.")
    job_id = serializers.CharField()
    proof = serializers.ChoiceField(NOT_VALID)


class ProofCountsSchema(serializers.Serializer[Any]):
    """Number of items of the batch by proof state; rejected items have none."""

    valid = serializers.IntegerField()
    missing = serializers.IntegerField(help_text="No signature: the job counts as failed.")
    invalid = serializers.IntegerField(help_text="Not signed by the node's signing key: an offence.")
    forged = serializers.IntegerField(help_text="Another verified trace root: an offence.")


class ReceiptsResultSchema(BatchResultSchema):
    """The result of a batch of receipts. A duplicate counts among the proofs by its own signature and traces."""

    proofs = ProofCountsSchema()
    not_valid = NotValidSchema(many=True)


class Measurement(serializers.Serializer[Any]):
    """The measured hardware of a node."""

    node = AddressField()
    measured = ObjectField()


class AttestationSchema(serializers.Serializer[Any]):
    """A recorded attestation; `shortfalls` names the fields that are below the declared ones."""

    id = serializers.IntegerField()
    node = AddressField()
    epoch = serializers.IntegerField()
    at = MomentField()
    declared = ObjectField()
    measured = ObjectField()
    shortfalls = serializers.ListField(child=serializers.CharField())
