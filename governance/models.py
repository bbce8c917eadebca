"""Disputes of slashes, proposals of parameters, and the votes on both (section 10)."""

from __future__ import annotations

from django.db import models

from postgres.fields import AddressField
from staking.models import Slash


class Ballot(models.Model):
    """Common fields of disputes and proposals, fixed when the vote is opened (R44)."""

    # Assigned by the service, without gaps.
    id = models.BigIntegerField(primary_key=True)
    opened_epoch = models.IntegerField()
    opened_at = models.DateTimeField()
    closes_epoch = models.IntegerField()
    quorum_bps = models.IntegerField()
    quorum_base = models.BigIntegerField()
    closed_at = models.DateTimeField(null=True)

    class Meta:
        abstract = True


class Dispute(Ballot):
    """An operator's objection to a slash, decided by a vote of the DAO (R33, R45, R46)."""

    class Status(models.TextChoices):
        VOTING = "voting"
        UPHELD = "upheld"
        OVERTURNED = "overturned"

    slash = models.OneToOneField(Slash, models.PROTECT, related_name="dispute")
    operator = AddressField()
    reason = models.TextField()
    deposit = models.BigIntegerField()
    status = models.CharField(max_length=10, choices=Status, default=Status.VOTING)
    quorum_met = models.BooleanField(null=True)

    def __str__(self) -> str:
        return f"dispute {self.pk}"


class DisputeEvidence(models.Model):
    """A text and a link that the operator adds to a dispute."""

    dispute = models.ForeignKey(Dispute, models.PROTECT, related_name="evidence")
    text = models.TextField()
    link = models.URLField(blank=True, max_length=500)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"evidence {self.pk}"


class Proposal(Ballot):
    """Changes of parameters that the DAO votes on (R47)."""

    class Status(models.TextChoices):
        VOTING = "voting"
        PASSED = "passed"
        EXECUTED = "executed"
        REJECTED = "rejected"
        EXPIRED = "expired"

    proposer = AddressField()
    title = models.CharField(max_length=120)
    body = models.TextField(blank=True)
    changes = models.JSONField()
    timelock_epochs = models.IntegerField()
    executes_epoch = models.IntegerField(null=True)
    status = models.CharField(max_length=8, choices=Status, default=Status.VOTING)
    version = models.IntegerField(null=True)

    def __str__(self) -> str:
        return f"proposal {self.pk}"


class Vote(models.Model):
    """A wallet's choice with its power at the snapshot; it can be changed until the close (R45)."""

    dispute = models.ForeignKey(Dispute, models.PROTECT, null=True, related_name="votes")
    proposal = models.ForeignKey(Proposal, models.PROTECT, null=True, related_name="votes")
    wallet = AddressField(db_index=True)
    choice = models.CharField(max_length=8)
    power = models.BigIntegerField()
    # Power of the wallets that it represents and their number (R57), stored when the vote is counted.
    represented = models.BigIntegerField(default=0)
    represented_wallets = models.IntegerField(default=0)
    reason = models.TextField(blank=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(name="governance_vote_dispute", fields=["dispute", "wallet"]),
            models.UniqueConstraint(name="governance_vote_proposal", fields=["proposal", "wallet"]),
            models.CheckConstraint(
                name="governance_vote_on_one",
                condition=models.Q(dispute=None, proposal__isnull=False)
                | models.Q(dispute__isnull=False, proposal=None),
            ),
            models.CheckConstraint(
                name="governance_vote_power",
                condition=models.Q(power__gte=0, represented__gte=0, represented_wallets__gte=0),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.choice} by {self.wallet}"


class Representative(models.Model):
    """The representative of a wallet in votes opened in the epochs [from_epoch, until_epoch) (R57)."""

    class Kind(models.TextChoices):
        DISPUTES = "disputes"
        PROPOSALS = "proposals"

    wallet = AddressField()
    kind = models.CharField(max_length=9, choices=Kind)
    representative = AddressField()
    from_epoch = models.IntegerField()
    until_epoch = models.IntegerField(null=True)
    named_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="governance_representative_epoch", fields=["wallet", "kind", "from_epoch"]
            ),
            models.UniqueConstraint(
                name="governance_representative_current",
                fields=["wallet", "kind"],
                condition=models.Q(until_epoch=None),
            ),
            models.CheckConstraint(
                name="governance_representative_span",
                condition=models.Q(until_epoch=None) | models.Q(until_epoch__gt=models.F("from_epoch")),
            ),
            models.CheckConstraint(
                name="governance_representative_other",
                condition=~models.Q(representative=models.F("wallet")),
            ),
        ]
        indexes = [
            models.Index(fields=["representative", "kind"], name="governance_representative_of"),
        ]

    def __str__(self) -> str:
        return f"{self.representative} for {self.wallet} in {self.kind}"
