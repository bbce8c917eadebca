"""Slashes, and the part of each that a bucket or pool lost."""

from __future__ import annotations

from django.db import models

from postgres.fields import WideIntegerField
from staking.models.node import Node
from staking.models.unbonding import Bucket, Kind


class Slash(models.Model):
    """A slash of a node and its outcome (section 8). Rates, bases and windows are fixed at creation."""

    class Status(models.TextChoices):
        PENDING = "pending"
        DISPUTED = "disputed"
        EXECUTED = "executed"
        OVERTURNED = "overturned"

    UNRESOLVED = ("pending", "disputed")

    # Assigned by the settlement, without gaps.
    id = models.BigIntegerField(primary_key=True)
    node = models.ForeignKey(Node, models.PROTECT, related_name="slashes", db_index=False)
    offence = models.CharField(max_length=16)
    table_order = models.SmallIntegerField()
    epoch = models.IntegerField()
    status = models.CharField(max_length=10, choices=Status, default=Status.PENDING)
    self_bps = models.IntegerField()
    delegated_bps = models.IntegerField()
    base_self = models.BigIntegerField()
    base_delegated = models.BigIntegerField()
    strike = models.BooleanField(default=False)
    ban = models.BooleanField(default=False)
    cooldown_until = models.IntegerField(default=0)
    tier = models.SmallIntegerField()
    disputable_until_epoch = models.IntegerField()
    due_epoch = models.IntegerField()
    evidence = models.JSONField(default=list)
    measured = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True)
    resolved_epoch = models.IntegerField(null=True)
    self_slashed = models.BigIntegerField(default=0)
    delegated_slashed = models.BigIntegerField(default=0)
    slashed = models.BigIntegerField(default=0)
    burned = models.BigIntegerField(default=0)
    honest = models.BigIntegerField(default=0)
    honest_to_treasury = models.BigIntegerField(default=0)
    returned = models.BigIntegerField(default=0)

    class Meta:
        verbose_name_plural = "slashes"
        constraints = [
            models.UniqueConstraint(name="staking_slash_once", fields=["node", "offence", "epoch"]),
            models.CheckConstraint(
                name="staking_slash_adds_up",
                condition=models.Q(slashed=models.F("burned") + models.F("honest") + models.F("returned"))
                & models.Q(slashed=models.F("self_slashed") + models.F("delegated_slashed")),
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_epoch"],
                name="staking_slash_due",
                condition=models.Q(status__in=["pending", "disputed"]),
            ),
            models.Index(fields=["node", "-epoch"], name="staking_slash_node"),
        ]

    def __str__(self) -> str:
        return f"{self.offence} of {self.node_id} in {self.epoch}"


class SlashPart(models.Model):
    """Loss of one part of a side to an executed slash, and its returned part (R34, R35).

    `bucket` is None for the bonded part. `tokens` and `shares` are those of the part just before (own stake: 0 shares),
    so that the loss of every holder follows from its shares (R14, R16).
    """

    slash = models.ForeignKey(Slash, models.PROTECT, related_name="parts")
    kind = models.CharField(max_length=9, choices=Kind)
    bucket = models.ForeignKey(Bucket, models.PROTECT, null=True, related_name="slash_parts")
    generation = models.IntegerField(default=0)
    tokens = models.BigIntegerField()
    shares = WideIntegerField(default=0)
    taken = models.BigIntegerField()
    returned = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="staking_slashpart_sane",
                condition=models.Q(
                    taken__gt=0,
                    tokens__gte=models.F("taken"),
                    returned__gte=0,
                    taken__gte=models.F("returned"),
                ),
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} part of slash {self.slash_id}"
