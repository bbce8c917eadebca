"""The shapes of what the oracle sends and is answered."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from protocol.performance import OUTCOMES
from protocol.tables import JOB_CLASSES
from web.api import fields
from web.api.fields import AddressField, MomentField, ObjectField

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
        "signature": {"type": ["string", "null"], "pattern": "^0x[0-9a-fA-F]{130}$"},
    },
}  # fmt: skip
HEARTBEAT: dict[str, Any] = {
    "title": "Heartbeat",
    "type": "object",
    "required": ["node", "at"],
    "properties": {"node": fields.ADDRESS, "at": fields.MOMENT},
}


def batch_of(name: str, item: dict[str, Any], most: int) -> dict[str, Any]:
    """A body with a list of such items. Other things may stand in it: they are refused one by one."""
    other = {"title": "Anything else", "description": "Answered among `rejected`."}
    items = {"type": "array", "maxItems": most, "items": {"anyOf": [item, other]}}
    return {"type": "object", "required": [name], "properties": {name: items}}


class RefusedShape(serializers.Serializer[Any]):
    """An item that was not taken."""

    index = serializers.IntegerField(help_text="Its place in the batch, from 0.")
    job_id = serializers.CharField(allow_null=True)
    code = serializers.CharField()
    detail = serializers.CharField()


class IngestedShape(serializers.Serializer[Any]):
    """What became of a batch."""

    accepted = serializers.IntegerField(help_text="Recorded now, or completed by a verified trace root.")
    duplicates = serializers.IntegerField(help_text="Recorded before: not counted again.")
    rejected = RefusedShape(many=True)


class Measurement(serializers.Serializer[Any]):
    """A node's hardware as it was measured."""

    node = AddressField()
    measured = ObjectField()


class AttestationShape(serializers.Serializer[Any]):
    """An attestation as it was recorded; `shortfalls` names what is less than was declared."""

    id = serializers.IntegerField()
    node = AddressField()
    epoch = serializers.IntegerField()
    at = MomentField()
    declared = ObjectField()
    measured = ObjectField()
    shortfalls = serializers.ListField(child=serializers.CharField())
