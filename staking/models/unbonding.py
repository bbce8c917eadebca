"""Unbonding entries and their buckets."""

from __future__ import annotations

from django.db import models

from postgres.fields import AddressField, WideIntegerField
from staking.models.node import Node


class Kind(models.TextChoices):
    SELF = "self"
    DELEGATED = "delegated"


class Bucket(models.Model):
    """Unbonding tokens of one node, side and epoch, so that a slash reaches them all in one row (R16)."""

    node = models.ForeignKey(Node, models.PROTECT, related_name="buckets", db_index=False)
    kind = models.CharField(max_length=9, choices=Kind)
    epoch = models.IntegerField()
    tokens = models.BigIntegerField(default=0)
    shares = WideIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="staking_bucket_once", fields=["node", "epoch", "kind"]),
            models.CheckConstraint(
                name="staking_bucket_sane", condition=models.Q(tokens__gte=0, shares__gte=0)
            ),
            models.CheckConstraint(
                name="staking_bucket_backed", condition=models.Q(tokens=0) | models.Q(shares__gt=0)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} bucket {self.epoch} of {self.node_id}"


class Unbonding(models.Model):
    """A wallet's part of a bucket, unbonding until `matures_at` (R16, R17).

    `burned_active` of the `burned` shares (own stake: µIFM) were active when the entry was created (R18).
    `closed_epoch`: the epoch that was open when it was paid or cancelled.
    """

    class Status(models.TextChoices):
        OPEN = "open"
        PAID = "paid"
        CANCELLED = "cancelled"

    node = models.ForeignKey(Node, models.PROTECT, related_name="unbondings")
    wallet = AddressField()
    kind = models.CharField(max_length=9, choices=Kind)
    bucket = models.ForeignKey(Bucket, models.PROTECT, related_name="entries")
    shares = WideIntegerField()
    entered = models.BigIntegerField()
    burned = WideIntegerField()
    burned_active = WideIntegerField()
    epoch = models.IntegerField()
    created_at = models.DateTimeField()
    matures_at = models.DateTimeField()
    status = models.CharField(max_length=9, choices=Status, default=Status.OPEN)
    closed_at = models.DateTimeField(null=True)
    closed_epoch = models.IntegerField(null=True)
    paid = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="staking_unbonding_active",
                condition=models.Q(
                    burned__gt=0, burned_active__gte=0, burned__gte=models.F("burned_active"), entered__gt=0
                ),
            ),
        ]
        indexes = [
            models.Index(fields=["wallet", "matures_at", "id"], name="staking_unbonding_wallet"),
            models.Index(
                fields=["matures_at", "id"], name="staking_unbonding_due", condition=models.Q(status="open")
            ),
            models.Index(
                fields=["node", "kind"], name="staking_unbonding_open", condition=models.Q(status="open")
            ),
        ]

    def __str__(self) -> str:
        return f"unbonding {self.pk}"
