"""Serializers of delegation's requests and answers, which are also its schema."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from delegation.selectors.statement import Line
from staking.models import Unbonding
from staking.selectors.ledger import shown_account, shown_reference
from web.api.fields import AddressField, AmountField, AmountOrAllField, SignedAmountField


class AmountBody(serializers.Serializer[Any]):
    amount = AmountField()


class AmountOrAllBody(serializers.Serializer[Any]):
    amount = AmountOrAllField()


class RedelegateBody(serializers.Serializer[Any]):
    to = AddressField()
    amount = AmountOrAllField()


class WalletSerializer(serializers.Serializer[Any]):
    """total = available + staked + delegated + unbonding; claimable lies with the nodes and is not in it."""

    address = AddressField()
    total = AmountField()
    available = AmountField()
    staked = AmountField()
    delegated = AmountField()
    unbonding = AmountField()
    claimable = AmountField()
    voting_power = AmountField()


class DelegationSerializer(serializers.Serializer[Any]):
    """A position: `value` includes what is `pending`; `liable_slashes` can still reach it.

    `cost`: delegated, compounded and redelegated to the node, less undelegated, redelegated and refunded.
    `earned`: claimed and claimable. `lost`: taken by slashes, less what they returned. cost = value + lost, but for
    roundings.
    """

    node = AddressField()
    wallet = AddressField()
    name = serializers.CharField()
    shares = serializers.CharField(help_text="An integer of any size.")
    value = AmountField()
    active = AmountField()
    pending = AmountField()
    claimable = AmountField()
    claimed = AmountField()
    cost = SignedAmountField()
    earned = AmountField()
    lost = AmountField()
    opened_epoch = serializers.IntegerField()
    liable_slashes = serializers.ListField(child=serializers.IntegerField())
    voided_by = serializers.IntegerField(allow_null=True)


class UnbondingSerializer(serializers.Serializer[Any]):
    """`amount`: what it is worth now, or what was paid; `held`: a pending slash can still reach it."""

    id = serializers.IntegerField()
    node = AddressField()
    name = serializers.CharField()
    wallet = AddressField()
    kind = serializers.ChoiceField(choices=["self", "delegated"])
    amount = AmountField()
    entered = AmountField()
    epoch = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    matures_at = serializers.DateTimeField()
    status = serializers.ChoiceField(choices=[value for value, _ in Unbonding.Status.choices])
    closed_at = serializers.DateTimeField(allow_null=True)
    held = serializers.BooleanField()


class RedelegationSerializer(serializers.Serializer[Any]):
    """`moved` and `reason` are known once its epoch is settled."""

    id = serializers.IntegerField()
    wallet = AddressField()
    to = AddressField()
    amount = AmountField(allow_null=True)
    epoch = serializers.IntegerField()
    recorded_at = serializers.DateTimeField()
    status = serializers.ChoiceField(choices=["recorded", "executed", "cancelled"])
    moved = AmountField(allow_null=True)
    reason = serializers.CharField()

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        # `from` is a word of Python and cannot be declared above.
        return {"from": AddressField(source="source"), **super().get_fields()}


class WhySerializer(serializers.Serializer[Any]):
    """The factors of an amount: pool share, tier bonus, Q and its terms, delegator share."""

    active = serializers.CharField(help_text="Shares (a delegator) or µIFM (an operator) that earned.")
    active_shares = serializers.CharField()
    pool_share_bps = serializers.IntegerField()
    tier = serializers.IntegerField()
    bonus_bps = serializers.IntegerField()
    q_bps = serializers.IntegerField()
    q_latency = serializers.IntegerField()
    q_uptime = serializers.IntegerField()
    q_stake = serializers.IntegerField()
    q_scarcity = serializers.IntegerField()
    q_sla = serializers.IntegerField()
    weight = serializers.CharField()
    delegator_share_bps = serializers.IntegerField(source="share_bps")
    active_stake = AmountField()
    active_pool = AmountField()
    pool = AmountField()
    reward = AmountField()
    operator_reward = AmountField()
    delegators_reward = AmountField()
    honest_reward = AmountField()


class RewardSerializer(serializers.Serializer[Any]):
    node = AddressField()
    name = serializers.CharField()
    epoch = serializers.IntegerField()
    epoch_end = serializers.DateTimeField()
    amount = AmountField()
    role = serializers.ChoiceField(choices=["operator", "delegator"])
    why = WhySerializer()


class AccountNameField(serializers.CharField):
    def to_representation(self, value: str) -> str:
        return shown_account(value)


class ReferenceField(serializers.CharField):
    def to_representation(self, value: str) -> str:
        return shown_reference(value)


class MovementSerializer(serializers.Serializer[Any]):
    """A ledger movement of the wallet: `balance` is the one after it, `other` the counterpart account.

    Or a slash that touched it (`kind` slash, `amount` 0): `taken` from the wallet, `returned` to it, `net` lost, and
    the number of the `slash`; all four are null for a movement. `transaction` is null for a slash that returned all
    that it took and so moved no tokens.
    """

    transaction = serializers.IntegerField(allow_null=True)
    at = serializers.DateTimeField()
    epoch = serializers.IntegerField()
    epoch_end = serializers.DateTimeField()
    kind = serializers.CharField()
    reference = ReferenceField()
    other = AccountNameField()
    amount = SignedAmountField()
    balance = SignedAmountField()
    taken = AmountField(allow_null=True)
    returned = AmountField(allow_null=True)
    net = AmountField(allow_null=True)
    slash = serializers.IntegerField(allow_null=True)
    chain_transaction = serializers.SerializerMethodField(
        help_text="Hash of the lock, or of the transaction that anchored the epoch of an exit or slash; else null."
    )

    @extend_schema_field({"type": ["string", "null"]})
    def get_chain_transaction(self, movement: Line) -> str | None:
        return movement.chain_transaction or None


class EarnedOnSerializer(serializers.Serializer[Any]):
    node = AddressField()
    name = serializers.CharField()
    role = serializers.ChoiceField(choices=["operator", "delegator"])
    amount = AmountField()
    first_epoch = serializers.IntegerField()
    last_epoch = serializers.IntegerField()


class StatementTotalsSerializer(serializers.Serializer[Any]):
    """opening + received − given = closing. Over all time earned = claimed + claimable."""

    movements = serializers.IntegerField(source="sums.movements")
    opening = SignedAmountField(source="sums.opening")
    received = AmountField(source="sums.received")
    given = AmountField(source="sums.sent")
    closing = SignedAmountField(source="sums.closing")
    earned = AmountField(source="earned_total")
    claimed = AmountField()
    claimable = AmountField()
    lost = AmountField(help_text="Taken by slashes in the period, less what they returned.")
