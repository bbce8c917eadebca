"""Schemas of epochs, their rows and proofs, and of rankings."""

from __future__ import annotations

from typing import Any, TypedDict

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from chain.selectors import EpochAnchor
from protocol.addresses import checksum
from protocol.amounts import format_amount
from protocol.merkle import LEAF_ENCODING
from staking.models import Epoch
from staking.selectors import proofs
from web.api.fields import AddressField, AmountField, MomentField

ROOT = {"type": ["string", "null"], "pattern": "^0x[0-9a-f]{64}$"}
WEIGHT = {"type": "string", "pattern": "^[0-9]+$", "examples": ["648000000000000"]}
TOTALS = {
    "type": "object",
    "additionalProperties": {"type": ["integer", "string"]},
    "description": "Sums over all nodes, {} until the epoch is settled; amounts are decimal strings of IFM.",
    "examples": [{"accepted": 1200, "good": 1190, "operator_reward": "5200.000000", "nodes": 120}],
}
TOTAL_AMOUNTS = frozenset(
    {"operator_reward", "delegators_reward", "honest_reward", "self_stake", "pool_tokens", "late"}
)
LEAF_VALUE = {"type": ["string", "integer"], "examples": ["reward", 83333333]}


@extend_schema_field(ROOT)
class RootField(serializers.Field):
    """A Merkle root; null before the epoch is settled."""

    def to_representation(self, value: str) -> str | None:
        return value or None


@extend_schema_field(WEIGHT)
class WeightField(serializers.Field):
    """An integer that does not fit into the JSON numbers of every client, as a string."""

    def to_representation(self, value: int) -> str:
        return str(value)


@extend_schema_field(TOTALS)
class TotalsField(serializers.Field):
    """Counts as integers, sums of µIFM as amounts."""

    def to_representation(self, value: dict[str, int]) -> dict[str, Any]:
        return {name: format_amount(n) if name in TOTAL_AMOUNTS else n for name, n in value.items()}


@extend_schema_field(LEAF_VALUE)
class LeafValueField(serializers.JSONField):
    """A value that a leaf encodes."""


class AnchorSchema(serializers.Serializer[Any]):
    """The state of an epoch on the chain (R52). `mined` can be taken back by a reorganisation, `final` cannot."""

    state = serializers.ChoiceField(["off", "waiting", "submitted", "mined", "final"])
    transaction = RootField(
        allow_null=True, help_text="Hash; null when it is not sent, or not known which it was."
    )
    block = serializers.IntegerField(allow_null=True)
    confirmations = serializers.IntegerField(help_text="Of `required`, its own block included.")
    required = serializers.IntegerField(  # type: ignore[assignment]
        help_text="0 without a chain."
    )
    reason = serializers.SerializerMethodField(help_text="Why it does not go on; null while it does.")
    attempts = serializers.IntegerField(help_text="Transactions sent for it so far.")
    max_fee = serializers.CharField(help_text="The most that the last attempt pays, in wei per gas.")

    @extend_schema_field({"type": ["string", "null"]})
    def get_reason(self, anchor: EpochAnchor) -> str | None:
        return anchor.problem.reason if anchor.problem else None


class EpochReport(serializers.Serializer[Any]):
    """An epoch; amounts are null until it is settled. carry_in + minted = pool = distributed + carry."""

    number = serializers.IntegerField()
    start = MomentField()
    end = MomentField()
    status = serializers.ChoiceField(Epoch.Status.values)
    settled_at = MomentField(allow_null=True)
    parameters_version = serializers.IntegerField(source="parameters_id")
    carry_in = AmountField(allow_null=True, help_text="The former carry, and the fees paid in since.")
    minted = AmountField(allow_null=True)
    pool = AmountField(allow_null=True)
    distributed = AmountField(allow_null=True)
    carry = AmountField(allow_null=True)
    slashed = AmountField(allow_null=True, help_text="By the slashes executed in this epoch.")
    burned = AmountField(allow_null=True)
    honest = AmountField(allow_null=True)
    returned = AmountField(allow_null=True)
    totals = TotalsField()
    merkle_root = RootField(allow_null=True)
    journal_last = serializers.IntegerField(
        allow_null=True, help_text="The number of the last ledger transaction up to the settlement."
    )
    journal_hash = RootField(allow_null=True, help_text="The hash of the journal up to that transaction.")
    anchor = serializers.SerializerMethodField()

    @extend_schema_field(AnchorSchema)
    def get_anchor(self, epoch: Epoch) -> dict[str, Any]:
        return dict(AnchorSchema(self.context["anchors"][epoch.number]).data)


class EpochNode(serializers.Serializer[Any]):
    """A node's performance and rewards in an epoch. `reward` is that of R40 alone; `slashed` was executed in it."""

    node = AddressField(source="node.address")
    epoch = serializers.IntegerField()
    status = serializers.CharField()
    tier = serializers.IntegerField()
    accepted = serializers.IntegerField()
    good = serializers.IntegerField()
    rejected = serializers.IntegerField()
    sla_bps = serializers.IntegerField(allow_null=True)
    rejection_bps = serializers.IntegerField()
    uptime_bps = serializers.IntegerField()
    latency_ms = serializers.IntegerField(allow_null=True)
    latency_percentile_bps = serializers.IntegerField()
    variation_bps = serializers.IntegerField()
    scarcity_bps = serializers.IntegerField()
    degraded = serializers.BooleanField()
    q_latency_bps = serializers.IntegerField(source="q_latency")
    q_uptime_bps = serializers.IntegerField(source="q_uptime")
    q_stake_bps = serializers.IntegerField(source="q_stake")
    q_scarcity_bps = serializers.IntegerField(source="q_scarcity")
    q_sla_bps = serializers.IntegerField(
        source="q_sla", help_text="The factor on the sum of 10,000 and the terms."
    )
    q_bps = serializers.IntegerField()
    bonus_bps = serializers.IntegerField(help_text="The tier's reward bonus.")
    credits = serializers.IntegerField(help_text="µIFM.")
    weight = WeightField()
    active_stake = AmountField()
    active_delegated = AmountField(source="active_pool")
    delegator_share_bps = serializers.IntegerField(source="share_bps")
    reward = AmountField()
    operator_reward = AmountField()
    delegators_reward = AmountField()
    honest_reward = AmountField()
    slashed = AmountField()
    self_stake = AmountField(help_text="At the close.")
    delegated = AmountField(source="pool_tokens", help_text="At the close.")
    penalty_bps = serializers.IntegerField()
    reputation = serializers.IntegerField()


class ProvenLeaf(serializers.Serializer[Any]):
    """A leaf: kind, address, µIFM, epoch; and the hashes that lead from it to the root."""

    value = serializers.ListField(child=LeafValueField(), min_length=4, max_length=4)
    proof = serializers.ListField(child=serializers.CharField())


class LeafJson(TypedDict):
    """A leaf (kind, address, µIFM, epoch) and its proof, 0x-hex."""

    value: list[str | int]
    proof: list[str]


class ProofOfLeaves(TypedDict):
    """A root, and the leaves of an address under it."""

    root: str
    leaf_encoding: list[str]
    leaves: list[LeafJson]


def leaf_json(proven: proofs.ProvenLeaf) -> LeafJson:
    """A leaf and its proof as the API shows them."""
    leaf = proven.leaf
    return {
        "value": [leaf.kind, checksum(leaf.address), leaf.amount, leaf.epoch],
        "proof": ["0x" + sibling.hex() for sibling in proven.proof],
    }


class Proof(serializers.Serializer[Any]):
    """The leaves of an address in an epoch's tree and the way from each to the root (OpenZeppelin's standard tree)."""

    epoch = serializers.IntegerField()
    node = AddressField()
    root = RootField()  # type: ignore[assignment]
    leaf_encoding = serializers.ListField(child=serializers.ChoiceField(sorted(set(LEAF_ENCODING))))
    leaves = ProvenLeaf(many=True)


class RankingHead(serializers.Serializer[Any]):
    """A ranking without its rows."""

    id = serializers.IntegerField()
    computed_at = MomentField()
    epoch = serializers.IntegerField()
    nodes = serializers.IntegerField(help_text="How many were ranked.")


class Place(serializers.Serializer[Any]):
    """A node's rank in a ranking, with the figures of its score; `movement` is null for a new node."""

    rank = serializers.IntegerField()
    movement = serializers.IntegerField(allow_null=True, help_text="Places won since the former ranking.")
    score_bps = serializers.IntegerField()
    q_bps = serializers.IntegerField()
    q_latency_bps = serializers.IntegerField(source="q_latency")
    q_uptime_bps = serializers.IntegerField(source="q_uptime")
    q_stake_bps = serializers.IntegerField(source="q_stake")
    q_scarcity_bps = serializers.IntegerField(source="q_scarcity")
    q_sla_bps = serializers.IntegerField(source="q_sla")
    penalty_bps = serializers.IntegerField()
    degraded = serializers.BooleanField()
    live = serializers.BooleanField(help_text="Judged by the open epoch as it was then.")
    accepted = serializers.IntegerField()
    sla_bps = serializers.IntegerField(allow_null=True)
    uptime_bps = serializers.IntegerField()
    latency_ms = serializers.IntegerField(allow_null=True)
    latency_percentile_bps = serializers.IntegerField()
    effective_stake = AmountField()
    estimated_apr_bps = serializers.IntegerField(source="apr_bps", allow_null=True)


class RankedNode(Place):
    """A rank with its node."""

    node = AddressField(source="node.address")
    name = serializers.CharField(source="node.name")


class DatedPlace(Place):
    """A rank with its ranking."""

    ranking = serializers.IntegerField(source="ranking_id")
    computed_at = MomentField(source="ranking.computed_at")


class WholeRanking(RankingHead):
    """A ranking with a page of its rows, best first."""

    next_at = MomentField(allow_null=True, help_text="When the next one is due; null for former ones.")
    results = RankedNode(many=True)
    next = serializers.URLField(allow_null=True)
