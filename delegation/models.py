"""Positions in the pools of staking, and the redelegations between them."""

from __future__ import annotations

from django.db import models

from postgres.fields import AddressField, WideIntegerField
from staking.models import Node
from staking.models.pending import HasPending


class Position(HasPending, models.Model):
    """A wallet's shares of a node's pool and what they have earned (R14, R42).

    `cost`: µIFM that went into the pool for it less µIFM that came out of it again. `owed` is µIFM × 10^18, settled up
    to `reward_index`; pending shares start at the index at the close of the epoch in which they were made.
    `redelegated_at` is the end of the epoch whose settlement last moved stake here from another node (R19).
    """

    pending_column = "pending_shares"

    node = models.ForeignKey(Node, models.PROTECT, related_name="positions", db_index=False)
    wallet = AddressField()
    generation = models.IntegerField()
    shares = WideIntegerField(default=0)
    pending_shares = WideIntegerField(default=0)
    pending_epoch = models.IntegerField(default=0)
    pending_parts = models.JSONField(null=True)
    reward_index = WideIntegerField(default=0)
    owed = WideIntegerField(default=0)
    claimed = models.BigIntegerField(default=0)
    cost = models.BigIntegerField(default=0)
    redelegated_at = models.DateTimeField(null=True)
    opened_epoch = models.IntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(name="delegation_position_once", fields=["node", "wallet"]),
            models.CheckConstraint(
                name="delegation_position_sane",
                condition=models.Q(
                    pending_shares__gte=0, shares__gte=models.F("pending_shares"), owed__gte=0, claimed__gte=0
                ),
            ),
        ]
        indexes = [models.Index(fields=["wallet", "node"], name="delegation_position_wallet")]

    def __str__(self) -> str:
        return f"{self.wallet} on {self.node_id}"


class Redelegation(models.Model):
    """A redelegation: moves stake from one node to another when its epoch is settled (R19)."""

    class Status(models.TextChoices):
        RECORDED = "recorded"
        EXECUTED = "executed"
        CANCELLED = "cancelled"

    wallet = AddressField(db_index=True)
    source = models.ForeignKey(Node, models.PROTECT, related_name="redelegations_out")
    target = models.ForeignKey(Node, models.PROTECT, related_name="redelegations_in")
    amount = models.BigIntegerField()
    epoch = models.IntegerField()
    recorded_at = models.DateTimeField()
    status = models.CharField(max_length=9, choices=Status, default=Status.RECORDED)
    moved = models.BigIntegerField(null=True)
    reason = models.CharField(max_length=32, blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["epoch", "id"],
                name="delegation_redelegation_due",
                condition=models.Q(status="recorded"),
            )
        ]

    def __str__(self) -> str:
        return f"redelegation {self.pk}"


class StandingOrder(models.Model):
    """A rule of a wallet: when a condition holds on a node of its delegations, it is notified with a prepared action.

    `node` None: every node on which the wallet has a delegation. `threshold`: bps, or a number of epochs. `target`: the
    node to redelegate to. A standing order never moves money.
    """

    class Condition(models.TextChoices):
        SHARE_BELOW = "share_below"
        DEGRADED = "degraded"
        OPERATOR_UNBONDS = "operator_unbonds"
        SLASHED = "slashed"
        CAP_REACHED = "cap_reached"
        APR_BELOW = "apr_below"

    class Action(models.TextChoices):
        UNDELEGATE = "undelegate"
        REDELEGATE = "redelegate"

    wallet = AddressField(db_index=True)
    node = models.ForeignKey(Node, models.CASCADE, null=True, related_name="+")
    condition = models.CharField(max_length=16, choices=Condition)
    threshold = models.IntegerField(null=True)
    action = models.CharField(max_length=10, choices=Action)
    target = models.ForeignKey(Node, models.CASCADE, null=True, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="delegation_standingorder_once",
                fields=["wallet", "node", "condition"],
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                name="delegation_standingorder_threshold",
                condition=models.Q(condition__in=["share_below", "degraded", "apr_below"], threshold__gte=1)
                | models.Q(condition__in=["operator_unbonds", "slashed", "cap_reached"], threshold=None),
            ),
            models.CheckConstraint(
                name="delegation_standingorder_target",
                condition=models.Q(action="redelegate", target__isnull=False)
                | models.Q(action="undelegate", target=None),
            ),
            models.CheckConstraint(
                name="delegation_standingorder_elsewhere",
                condition=models.Q(node=None) | models.Q(target=None) | ~models.Q(target=models.F("node")),
            ),
            models.CheckConstraint(
                name="delegation_standingorder_possible",
                condition=~models.Q(condition="operator_unbonds", action="redelegate"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.condition} of {self.wallet}"


class OrderMatch(models.Model):
    """A condition of a standing order that holds on a node since `epoch`; it is notified once, when the row is made.

    `slash`: the number of the slash, 0 for other conditions.
    """

    order = models.ForeignKey(StandingOrder, models.CASCADE, related_name="matches")
    node = models.ForeignKey(Node, models.CASCADE, related_name="+")
    slash = models.BigIntegerField(default=0)
    epoch = models.IntegerField()
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(name="delegation_ordermatch_once", fields=["order", "node", "slash"])
        ]

    def __str__(self) -> str:
        return f"order {self.order_id} on {self.node_id}"
