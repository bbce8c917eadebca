"""The parameters that the DAO decides on."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from protocol.parameters import bounds_to_json
from protocol.times import write_moment
from staking.selectors.parameters import Version, in_force
from web.api.fields import MomentField

VALUES = {
    "type": "object",
    "additionalProperties": True,
    "description": "By name: amounts as decimal strings of IFM, all else integers; `tiers` and `offences` as lists.",
    "examples": [{"epoch_seconds": 86400, "emission_per_epoch": "10000.000000"}],
}
BOUNDS = {
    "type": "object",
    "additionalProperties": True,
    "description": "By name: `min` and `max` (null: none), and `rule` where several parameters must fit together.",
    "examples": [{"epoch_seconds": {"min": 60, "max": 604800}}],
}
CHANGES = {
    "type": "object",
    "additionalProperties": True,
    "description": "By name: `old` and `new`.",
    "examples": [{"emission_per_epoch": {"old": "10000.000000", "new": "9000.000000"}}],
}


@extend_schema_field(VALUES)
class ValuesField(serializers.JSONField):
    """Values by name."""


@extend_schema_field(BOUNDS)
class BoundsField(serializers.JSONField):
    """Bounds by name."""


@extend_schema_field(CHANGES)
class ChangesField(serializers.JSONField):
    """Changes by name."""


class VersionShape(serializers.Serializer[Any]):
    """A version of the parameters and what it changed; `proposal` is null for the network's first."""

    version = serializers.IntegerField()
    from_epoch = serializers.IntegerField(help_text="In force from the opening of this epoch.")
    proposal = serializers.IntegerField(allow_null=True)
    created_at = MomentField()
    changes = ChangesField()


class ParametersShape(serializers.Serializer[Any]):
    """The version in force with its values and bounds, and all past and future versions, newest first."""

    version = serializers.IntegerField()
    values = ValuesField()
    bounds = BoundsField()
    history = VersionShape(many=True)


@extend_schema(tags=["parameters"], operation_id="parameters_read", responses=ParametersShape)
@api_view(["GET"])
def parameters(request: Request) -> Response:
    """The parameters in force, inside which bounds they may move, and how they came to be."""
    current = in_force()
    return Response(
        {
            "version": current.version,
            "values": current.values,
            "bounds": bounds_to_json(),
            "history": [_version_json(version) for version in current.history],
        }
    )


def _version_json(version: Version) -> dict[str, Any]:
    return {
        "version": version.version,
        "from_epoch": version.from_epoch,
        "proposal": version.proposal,
        "created_at": write_moment(version.created_at),
        "changes": {name: {"old": old, "new": new} for name, (old, new) in version.changes.items()},
    }
