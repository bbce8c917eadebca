"""Nodes, their pools and stake, and their figures in each settled epoch."""

from __future__ import annotations

from django.db import models

from postgres.fields import AddressField, WideIntegerField
from staking.models.pending import HasPending


class Node(HasPending, models.Model):
    """A compute node, its operator's own stake, and what bars it from work.

    `cooldown_until` is the last epoch of the cooldown, 0 when there is none.
    """

    pending_column = "pending_stake"

    id = models.AutoField(primary_key=True)
    address = AddressField(unique=True)
    operator = AddressField(db_index=True)
    name = models.CharField(max_length=64)
    region = models.CharField(max_length=32)
    hardware = models.JSONField(default=dict)
    signing_key = AddressField()
    custodial = models.BooleanField(default=False)
    delegation_cap = models.BigIntegerField(null=True)
    share_bps = models.IntegerField()
    next_share_bps = models.IntegerField(null=True)
    next_share_epoch = models.IntegerField(null=True)
    registered_at = models.DateTimeField()
    registered_epoch = models.IntegerField()
    retired_at = models.DateTimeField(null=True)
    banned = models.BooleanField(default=False)
    cooldown_until = models.IntegerField(default=0)
    self_stake = models.BigIntegerField(default=0)
    pending_stake = models.BigIntegerField(default=0)
    pending_epoch = models.IntegerField(default=0)
    pending_parts = models.JSONField(null=True)
    operator_claimed = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="staking_node_stake",
                condition=models.Q(pending_stake__gte=0, self_stake__gte=models.F("pending_stake")),
            ),
            models.CheckConstraint(
                name="staking_node_share", condition=models.Q(share_bps__range=(5000, 10000))
            ),
            models.CheckConstraint(
                name="staking_node_cap",
                condition=models.Q(delegation_cap__gte=0) | models.Q(delegation_cap=None),
            ),
            models.CheckConstraint(name="staking_node_claimed", condition=models.Q(operator_claimed__gte=0)),
        ]

    def __str__(self) -> str:
        return self.name or self.address

    def share_in(self, epoch: int) -> int:
        """Delegator share in force in `epoch`, in bps (R48)."""
        if self.next_share_epoch is not None and self.next_share_epoch <= epoch:
            assert self.next_share_bps is not None
            return self.next_share_bps
        return self.share_bps


class Pool(HasPending, models.Model):
    """The delegated side of a node: tokens and shares of the current generation (R14)."""

    pending_column = "pending_shares"

    node = models.OneToOneField(Node, models.PROTECT, primary_key=True, related_name="pool")
    generation = models.IntegerField(default=1)
    tokens = models.BigIntegerField(default=0)
    shares = WideIntegerField(default=0)
    pending_shares = WideIntegerField(default=0)
    pending_epoch = models.IntegerField(default=0)
    pending_parts = models.JSONField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="staking_pool_sane",
                condition=models.Q(
                    tokens__gte=0, pending_shares__gte=0, shares__gte=models.F("pending_shares")
                ),
            ),
            models.CheckConstraint(
                name="staking_pool_backed",
                condition=models.Q(tokens=0, shares=0) | models.Q(tokens__gt=0, shares__gt=0),
            ),
        ]

    def __str__(self) -> str:
        return f"pool of {self.node_id}"


class FormerSigningKey(models.Model):
    """A signing key that its operator replaced in an epoch (R22).

    `receipts`: the node's receipts of the epoch that were recorded until then, judged by this key or by one before it.
    """

    node = models.ForeignKey(Node, models.PROTECT, related_name="former_signing_keys", db_index=False)
    epoch = models.IntegerField()
    key = AddressField()
    receipts = models.IntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="staking_formersigningkey_once", fields=["epoch", "node", "receipts"]
            )
        ]

    def __str__(self) -> str:
        return f"{self.key} of {self.node_id}"


class VoidGeneration(models.Model):
    """A generation of pool shares that a slash made worthless, and what its holders had earned until then."""

    node = models.ForeignKey(Node, models.PROTECT, related_name="void_generations", db_index=False)
    generation = models.IntegerField()
    epoch = models.IntegerField()
    slash = models.ForeignKey("staking.Slash", models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(name="staking_voidgeneration_once", fields=["node", "generation"])
        ]

    def __str__(self) -> str:
        return f"generation {self.generation} of {self.node_id}"


class ShareChange(models.Model):
    """A delegator share that an operator set (R48), for the history beside the Delegate button."""

    node = models.ForeignKey(Node, models.PROTECT, related_name="share_changes", db_index=False)
    from_epoch = models.IntegerField()
    old_bps = models.IntegerField()
    new_bps = models.IntegerField()
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(name="staking_sharechange_epoch", fields=["node", "from_epoch"])
        ]

    def __str__(self) -> str:
        return f"{self.old_bps} → {self.new_bps}"


class StakeCheckpoint(models.Model):
    """Pool shares of a wallet in an epoch: `active` earned in it, `shares` earn and vote from the next epoch on.

    One row for each epoch in which they changed; it holds until the next row. Shares that count as made in an epoch
    later than the open one (R13) have a row for that epoch.
    """

    pk = models.CompositePrimaryKey("wallet", "node_id", "epoch")
    wallet = AddressField()
    node = models.ForeignKey(Node, models.PROTECT, related_name="+", db_index=False)
    epoch = models.IntegerField()
    generation = models.IntegerField()
    active = WideIntegerField()
    shares = WideIntegerField()

    class Meta:
        indexes = [models.Index(fields=["node", "epoch"], name="staking_checkpoint_node")]

    def __str__(self) -> str:
        return f"{self.wallet} on {self.node_id} in {self.epoch}"


class NodeEpoch(models.Model):
    """A node's figures in a settled epoch. Append-only; the last row has the node's accumulators.

    `reward_index` is scaled by 10^18 per share (R41); `operator_earned` is the sum of the operator's part over all
    epochs; `self_stake`, `pool_tokens`, `pool_shares`, `generation` are those at the opening of the next epoch (R44).
    The window of R24 holds the good jobs of the epochs after `window_epoch`, and those of `window_epoch` with a `seq`
    above `window_after`: `latency_count` jobs, with the sum and the squares of their latencies.
    `late_stake` and `late_pool` are the µIFM of them that count as made later than that (R13) and do not vote.
    """

    pk = models.CompositePrimaryKey("epoch", "node_id")
    epoch = models.IntegerField()
    node = models.ForeignKey(
        Node, models.DO_NOTHING, db_constraint=False, related_name="epochs", db_index=False
    )
    status = models.CharField(max_length=8)
    accepted = models.IntegerField()
    good = models.IntegerField()
    rejected = models.IntegerField()
    dropped = models.IntegerField()
    mismatched = models.IntegerField()
    invalid = models.IntegerField()
    forged = models.IntegerField()
    sla_bps = models.IntegerField(null=True)
    rejection_bps = models.IntegerField()
    slots_heard = models.IntegerField()
    slots_counted = models.IntegerField()
    uptime_bps = models.IntegerField()
    last_receipt_epoch = models.IntegerField(null=True)
    latency_ms = models.BigIntegerField(null=True)
    latency_count = models.IntegerField()
    latency_sum = WideIntegerField()
    latency_squares = WideIntegerField()
    window_epoch = models.IntegerField()
    window_after = models.BigIntegerField()
    variation_bps = models.IntegerField()
    latency_percentile_bps = models.IntegerField()
    scarcity_bps = models.IntegerField()
    degraded = models.BooleanField()
    q_latency = models.IntegerField()
    q_uptime = models.IntegerField()
    q_stake = models.IntegerField()
    q_scarcity = models.IntegerField()
    q_sla = models.IntegerField()
    q_bps = models.IntegerField()
    tier = models.SmallIntegerField()
    bonus_bps = models.IntegerField()
    credits = WideIntegerField()
    weight = WideIntegerField()
    active_stake = models.BigIntegerField()
    active_pool = models.BigIntegerField()
    active_shares = WideIntegerField()
    share_bps = models.IntegerField()
    reward = models.BigIntegerField()
    operator_reward = models.BigIntegerField()
    delegators_reward = models.BigIntegerField()
    honest_reward = models.BigIntegerField()
    honest_operator = models.BigIntegerField()
    slashed = models.BigIntegerField()
    operator_earned = models.BigIntegerField()
    reward_index = WideIntegerField()
    index_carry = WideIntegerField()
    penalty_bps = models.IntegerField()
    reputation = models.SmallIntegerField()
    self_stake = models.BigIntegerField()
    generation = models.IntegerField()
    pool_tokens = models.BigIntegerField()
    pool_shares = WideIntegerField()
    late_stake = models.BigIntegerField(default=0, db_default=0)
    late_pool = models.BigIntegerField(default=0, db_default=0)

    class Meta:
        indexes = [models.Index(fields=["node", "-epoch"], name="staking_nodeepoch_node")]
        constraints = [
            models.CheckConstraint(
                name="staking_nodeepoch_split",
                condition=models.Q(reward=models.F("operator_reward") + models.F("delegators_reward")),
            ),
        ]

    def __str__(self) -> str:
        return f"node {self.node_id} in epoch {self.epoch}"
