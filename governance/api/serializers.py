"""Serializers of governance: request bodies and answers, which are also the OpenAPI schema."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from governance.models import Dispute, Proposal
from protocol.votes import DISPUTE_CHOICES, PROPOSAL_CHOICES
from web.api.fields import (
    AddressField,
    AmountField,
    MomentField,
    ObjectField,
    SignedAmountField,
    TextField,
)

DISPUTE_STATUSES = [value for value, _ in Dispute.Status.choices]
PROPOSAL_STATUSES = [value for value, _ in Proposal.Status.choices]


class ReasonBody(serializers.Serializer[Any]):
    reason = TextField()


class EvidenceBody(serializers.Serializer[Any]):
    text = TextField()
    link = TextField(required=False, allow_null=True, help_text="An http or https address.")


class DisputeVoteBody(serializers.Serializer[Any]):
    choice = serializers.ChoiceField(choices=DISPUTE_CHOICES)
    reason = TextField(required=False, allow_null=True)


class ProposalVoteBody(serializers.Serializer[Any]):
    choice = serializers.ChoiceField(choices=PROPOSAL_CHOICES)
    reason = TextField(required=False, allow_null=True)


class ProposalBody(serializers.Serializer[Any]):
    title = TextField()
    body = TextField(required=False, allow_blank=True, allow_null=True)
    changes = ObjectField(
        help_text="Parameters by name: amounts as decimal strings of IFM, the rest integers."
    )


class VoteSerializer(serializers.Serializer[Any]):
    """`power`: the wallet's own stake at the snapshot; `represented`: the power of wallets that it represents."""

    wallet = AddressField()
    choice = serializers.CharField()
    power = AmountField()
    represented = AmountField()
    represented_wallets = serializers.IntegerField()
    reason = serializers.CharField()
    at = MomentField()


class EvidenceSerializer(serializers.Serializer[Any]):
    text = serializers.CharField()
    link = serializers.CharField()
    at = MomentField()


class DisputePowerSerializer(serializers.Serializer[Any]):
    uphold = AmountField()
    overturn = AmountField()
    abstain = AmountField()


class ProposalPowerSerializer(serializers.Serializer[Any]):
    against = AmountField()
    abstain = AmountField()

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        # `for` is a Python keyword and cannot be declared above.
        return {"for": AmountField(), **super().get_fields()}


class DisputeTallySerializer(DisputePowerSerializer):
    """Counted power by choice, own and represented; `represented` is the represented part of each (R57)."""

    represented = DisputePowerSerializer()


class ProposalTallySerializer(ProposalPowerSerializer):
    """Counted power by choice, own and represented; `represented` is the represented part of each (R57)."""

    represented = ProposalPowerSerializer()


class CountSerializer(serializers.Serializer[Any]):
    """Common fields of disputes and proposals. `quorum`: the turnout needed, of `quorum_base` at the snapshot."""

    opened_at = MomentField(source="ballot.opened_at")
    opened_epoch = serializers.IntegerField(source="ballot.opened_epoch")
    snapshot_epoch = serializers.IntegerField(
        source="ballot.opened_epoch", help_text="Voting power is the stake at the opening of this epoch."
    )
    closes_epoch = serializers.IntegerField(source="ballot.closes_epoch")
    closes_at = MomentField(source="count.closes_at")
    closed_at = MomentField(source="ballot.closed_at", allow_null=True)
    quorum = AmountField(source="count.quorum")
    quorum_bps = serializers.IntegerField(source="ballot.quorum_bps")
    quorum_base = AmountField(source="ballot.quorum_base")
    turnout = AmountField(source="count.turnout")
    missing = AmountField(source="count.missing", help_text="Power that is missing to the quorum.")
    voters = serializers.IntegerField(source="count.voters")
    represented_wallets = serializers.IntegerField(source="count.represented_wallets")
    votes = VoteSerializer(
        many=True, help_text="The 200 largest votes, 10 in a list; all of them at `…/votes`."
    )

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Return the fields with the common ones last."""
        common = CountSerializer._declared_fields
        return dict(sorted(super().get_fields().items(), key=lambda named: named[0] in common))


class DisputeSerializer(CountSerializer):
    id = serializers.IntegerField(source="dispute.pk")
    slash = serializers.IntegerField(source="dispute.slash_id")
    node = AddressField(source="node.address")
    operator = AddressField(source="dispute.operator")
    offence = serializers.CharField(source="slash.offence")
    reason = serializers.CharField(source="dispute.reason")
    evidence = EvidenceSerializer(many=True)
    deposit = AmountField(source="dispute.deposit")
    deposit_returned = serializers.BooleanField(allow_null=True)
    status = serializers.ChoiceField(source="dispute.status", choices=DISPUTE_STATUSES)
    quorum_met = serializers.BooleanField(source="dispute.quorum_met", allow_null=True)
    tally = DisputeTallySerializer(source="count.tally_parts")


class VotedDisputeSerializer(DisputeSerializer):
    """The dispute with the caller's vote."""

    vote = VoteSerializer()


class CompetitorSerializer(serializers.Serializer[Any]):
    """An open proposal that changes the same parameters. `wins`: its values apply when both are executed."""

    id = serializers.IntegerField(source="proposal.pk")
    title = serializers.CharField(source="proposal.title")
    parameters = serializers.ListField(source="keys", child=serializers.CharField())
    wins = serializers.BooleanField()


class ProposalSerializer(CountSerializer):
    id = serializers.IntegerField(source="proposal.pk")
    proposer = AddressField(source="proposal.proposer")
    title = serializers.CharField(source="proposal.title")
    body = serializers.CharField(source="proposal.body")
    changes = serializers.DictField(source="proposal.changes")
    status = serializers.ChoiceField(source="proposal.status", choices=PROPOSAL_STATUSES)
    timelock_epochs = serializers.IntegerField(source="proposal.timelock_epochs")
    executes_epoch = serializers.IntegerField(
        help_text="Executed in the settlement of this epoch, if it passes."
    )
    parameters_version = serializers.IntegerField(source="proposal.version", allow_null=True)
    tally = ProposalTallySerializer(source="count.tally_parts")
    competing = CompetitorSerializer(
        many=True, help_text="Open proposals that change the same parameter; empty once this one is closed."
    )


class VotedProposalSerializer(ProposalSerializer):
    """The proposal with the caller's vote."""

    vote = VoteSerializer()


class ChangesBody(serializers.Serializer[Any]):
    changes = ObjectField(help_text="As in `POST proposals`.")


class OutcomeSerializer(serializers.Serializer[Any]):
    minted = AmountField()
    operators = AmountField()
    delegators = AmountField()
    sla_drops = serializers.IntegerField(help_text="Node epochs with an SLA drop.")
    burned = AmountField()
    honest = AmountField()
    returned = AmountField()


class RewardChangeSerializer(serializers.Serializer[Any]):
    node = AddressField(source="address")
    name = serializers.CharField()
    before = AmountField()
    after = AmountField()
    difference = SignedAmountField()


class WalletRewardSerializer(serializers.Serializer[Any]):
    before = AmountField()
    after = AmountField()
    difference = SignedAmountField()


class EffectSerializer(serializers.Serializer[Any]):
    """Replay of settled epochs. `nodes`: nodes with another reward; `mine`: rewards of the calling wallet."""

    first_epoch = serializers.IntegerField()
    last_epoch = serializers.IntegerField()
    before = OutcomeSerializer()
    after = OutcomeSerializer()
    nodes = RewardChangeSerializer(many=True)
    mine = WalletRewardSerializer(allow_null=True)


class RepresentativesBody(serializers.Serializer[Any]):
    disputes = AddressField(required=False, allow_null=True, help_text="null: no representative.")
    proposals = AddressField(required=False, allow_null=True, help_text="null: no representative.")


class RepresentedSerializer(serializers.Serializer[Any]):
    power = AmountField()
    wallets = serializers.IntegerField()


class RepresentedByKindSerializer(serializers.Serializer[Any]):
    disputes = RepresentedSerializer()
    proposals = RepresentedSerializer()


class RepresentativeByKindSerializer(serializers.Serializer[Any]):
    disputes = AddressField(allow_null=True)
    proposals = AddressField(allow_null=True)


class EpochByKindSerializer(serializers.Serializer[Any]):
    disputes = serializers.IntegerField(allow_null=True)
    proposals = serializers.IntegerField(allow_null=True)


class RepresentativesSerializer(serializers.Serializer[Any]):
    """`disputes`, `proposals`: the representatives named last, in votes opened from `from_epoch` on; `in_force`: those
    in votes opened now; `represents`: power and number of the wallets that named this one, if none of them votes."""

    wallet = AddressField()
    disputes = AddressField(source="named.disputes", allow_null=True)
    proposals = AddressField(source="named.proposals", allow_null=True)
    from_epoch = EpochByKindSerializer()
    in_force = RepresentativeByKindSerializer()
    represents = RepresentedByKindSerializer()
