"""Serializers of nodes: requests of operators, and answers."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from protocol import texts
from protocol.bounds import SHARE_CEILING, SHARE_FLOOR
from protocol.errors import Invalid
from staking.selectors.nodes import STATUSES
from web.api import fields

HARDWARE = {
    "type": "object",
    "maxProperties": texts.HARDWARE_NAMES,
    "additionalProperties": {
        "type": ["string", "number", "boolean"],
        "maxLength": texts.HARDWARE_TEXT_LENGTH,
    },
    "examples": [{"gpu": "A100", "gpus": 4, "tee": True}],
}


@extend_schema_field({"type": "string", "minLength": 1, "maxLength": texts.NAME_LENGTH})
class NameField(fields.ProtocolField):
    """A node's name."""

    refusal = Invalid

    def parse(self, data: Any) -> str:
        return texts.check_name(data)

    def to_representation(self, value: str) -> str:
        return value


@extend_schema_field({"type": "string", "pattern": texts.REGION_PATTERN, "examples": ["eu-west"]})
class RegionField(NameField):
    """A region's name."""

    def parse(self, data: Any) -> str:
        return texts.check_region(data)


@extend_schema_field(HARDWARE)
class HardwareField(fields.ProtocolField):
    """Hardware as named values."""

    refusal = Invalid

    def parse(self, data: Any) -> dict[str, Any]:
        return texts.check_hardware(data)

    def to_representation(self, value: dict[str, Any]) -> dict[str, Any]:
        return value


class NodeChanges(serializers.Serializer[Any]):
    """Fields that an operator can change; a cap of null lifts it, a share counts from the next epoch on (R48)."""

    name = NameField(required=False)
    region = RegionField(required=False)
    hardware = HardwareField(required=False)
    signing_key = fields.AddressField(required=False)
    delegation_cap = fields.AmountField(required=False, allow_null=True)
    delegator_share_bps = fields.IntegerField(
        required=False, help_text=f"{SHARE_FLOOR:,} to {SHARE_CEILING:,}; a cut is limited in each epoch."
    )
    status = fields.TextField(required=False, help_text="Only `retired`, and that is final.")


class NewNode(serializers.Serializer[Any]):
    """A node to be registered. Without a signing key the node signs with its own address."""

    address = fields.AddressField()
    name = NameField()
    region = RegionField()
    hardware = HardwareField(required=False)
    signing_key = fields.AddressField(required=False)
    custodial = fields.BooleanField(required=False)
    delegation_cap = fields.AmountField(required=False, allow_null=True)
    delegator_share_bps = fields.IntegerField(required=False)


class NodeCommitment(serializers.Serializer[Any]):
    """The commitment of the operator that is not withdrawn; what is null is not promised. All of them, with their
    breaches: `GET nodes/ADDR/commitments`."""

    id = serializers.IntegerField()
    minimum_share_bps = serializers.IntegerField(allow_null=True)
    notice_epochs = serializers.IntegerField(allow_null=True)
    maximum_delegated = fields.AmountField(allow_null=True)
    from_epoch = serializers.IntegerField()
    kept = serializers.BooleanField()


class Node(serializers.Serializer[Any]):
    """A node: live stake, tier and status; performance by the open epoch so far once it has enough jobs, else by
    the last settled one (in lists: by the latest ranking)."""

    address = fields.AddressField()
    name = serializers.CharField()
    operator = fields.AddressField()
    signing_key = fields.AddressField()
    region = serializers.CharField()
    hardware = HardwareField()
    custodial = serializers.BooleanField()
    status = serializers.ChoiceField(STATUSES)
    cooldown_until_epoch = serializers.IntegerField(allow_null=True, help_text="Its last epoch.")
    pending_slash = serializers.BooleanField(help_text="A slash is neither executed nor overturned yet.")
    operator_unbonding = serializers.BooleanField(help_text="The operator's own stake is unbonding.")
    degraded = serializers.BooleanField()
    open = serializers.BooleanField(help_text="Takes delegations now.")
    tier = serializers.IntegerField(min_value=0)
    self_stake = fields.AmountField()
    delegated = fields.AmountField()
    effective_stake = fields.AmountField(help_text="Self stake and delegated.")
    pending_stake = fields.AmountField(help_text="What of the effective stake earns from the next epoch on.")
    unbonding = fields.AmountField(help_text="On its way out, the operator's and delegators'.")
    delegation_cap = fields.AmountField(allow_null=True, help_text="null: none.")
    delegation_room = fields.AmountField(allow_null=True, help_text="What the cap leaves; null without one.")
    delegator_share_bps = serializers.IntegerField()
    next_share_bps = serializers.IntegerField(allow_null=True)
    next_share_epoch = serializers.IntegerField(allow_null=True)
    rank = serializers.IntegerField(allow_null=True, help_text="null: not in the latest ranking.")
    movement = serializers.IntegerField(allow_null=True, help_text="Places won since the former ranking.")
    score_bps = serializers.IntegerField()
    q_bps = serializers.IntegerField()
    penalty_bps = serializers.IntegerField()
    accepted = serializers.IntegerField(help_text="Jobs in the window that the figures are of.")
    live = serializers.BooleanField(help_text="The window is the open epoch so far.")
    sla_bps = serializers.IntegerField(allow_null=True, help_text="null: no job accepted.")
    uptime_bps = serializers.IntegerField()
    latency_ms = serializers.IntegerField(allow_null=True, help_text="null: no good job ever.")
    latency_percentile_bps = serializers.IntegerField()
    reputation = serializers.IntegerField(help_text="0 to 1,000.")
    estimated_apr_bps = serializers.IntegerField(
        allow_null=True,
        help_text="What delegators earned in the last 30 epochs over what they had at work, as a year's worth, "
        "not compounded, as of the latest ranking. null: nothing was at work.",
    )
    registered_at = fields.MomentField()
    registered_epoch = serializers.IntegerField()
    commitment = NodeCommitment(allow_null=True)
