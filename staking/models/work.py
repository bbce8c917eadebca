"""Work and its measurement: receipts, heartbeats, attestations, latencies and rankings."""

from __future__ import annotations

from django.db import models

from staking.models.node import Node


class Receipt(models.Model):
    """A receipt (R21). Partitioned by epoch, written by COPY, never through the ORM."""

    class Outcome(models.IntegerChoices):
        COMPLETED = 0
        TIMEOUT = 1
        REJECTED = 2
        DROPPED = 3
        SCHEMA_MISMATCH = 4

    class Proof(models.IntegerChoices):
        VALID = 0
        UNCHECKED = 1
        MISSING = 2
        INVALID = 3
        FORGED = 4

    pk = models.CompositePrimaryKey("epoch", "seq")
    epoch = models.IntegerField()
    seq = models.BigIntegerField()
    node_id = models.IntegerField()
    outcome = models.SmallIntegerField(choices=Outcome)
    proof = models.SmallIntegerField(choices=Proof)
    good = models.BooleanField()
    latency_ms = models.BigIntegerField()
    deadline_ms = models.BigIntegerField()
    credits = models.BigIntegerField()
    accepted_at = models.DateTimeField()
    job_class = models.SmallIntegerField()
    region = models.CharField(max_length=32, db_collation="C")
    job_id = models.CharField(max_length=64, db_collation="C")
    result_digest = models.BinaryField(null=True)
    trace_root = models.BinaryField(null=True)
    verified_trace_root = models.BinaryField(null=True)
    signature = models.BinaryField(null=True)

    def __str__(self) -> str:
        return self.job_id


class Demand(models.Model):
    """The accepted jobs of one batch by region of the requester (R26), counted when they are recorded."""

    epoch = models.IntegerField(db_index=True)
    region = models.CharField(max_length=32, db_collation="C")
    jobs = models.IntegerField()

    class Meta:
        constraints = [models.CheckConstraint(name="staking_demand_counted", condition=models.Q(jobs__gt=0))]

    def __str__(self) -> str:
        return f"{self.jobs} from {self.region} in {self.epoch}"


class JobKey(models.Model):
    """Every job id ever recorded: the primary key detects duplicates, the digest conflicts (R21)."""

    job_id = models.CharField(max_length=64, primary_key=True, db_collation="C")
    epoch = models.IntegerField()
    digest = models.BinaryField()

    def __str__(self) -> str:
        return self.job_id


class Heartbeat(models.Model):
    """A heartbeat of a node in a slot of an epoch; slots count from 0 (R25). Partitioned by epoch, written in sets."""

    pk = models.CompositePrimaryKey("epoch", "slot", "node_id")
    epoch = models.IntegerField()
    slot = models.IntegerField()
    node_id = models.IntegerField()

    def __str__(self) -> str:
        return f"{self.node_id} in slot {self.slot} of {self.epoch}"


class EarlyHeartbeat(models.Model):
    """A heartbeat past the end of the open epoch; it is assigned to a slot when its epoch opens (R25)."""

    pk = models.CompositePrimaryKey("at", "node_id")
    at = models.DateTimeField()
    node_id = models.IntegerField()

    def __str__(self) -> str:
        return f"{self.node_id} at {self.at}"


class WindowLatency(models.Model):
    """The latency of a good job that is still in its node's window (R24) although its receipt was dropped."""

    pk = models.CompositePrimaryKey("node_id", "epoch", "seq")
    node_id = models.IntegerField()
    epoch = models.IntegerField()
    seq = models.BigIntegerField()
    latency_ms = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.node_id}: {self.latency_ms} ms in {self.epoch}"


class Attestation(models.Model):
    """Hardware as the oracle measured it, and as it was declared at that time (`fake_resources`)."""

    node = models.ForeignKey(Node, models.PROTECT, related_name="attestations")
    epoch = models.IntegerField(db_index=True)
    at = models.DateTimeField()
    declared = models.JSONField()
    measured = models.JSONField()
    shortfalls = models.JSONField(default=list)

    def __str__(self) -> str:
        return f"attestation {self.pk}"


class Ranking(models.Model):
    """One ranking of the nodes (R49). `slot` numbers ranking periods; null for a ranking by command."""

    computed_at = models.DateTimeField(db_index=True)
    slot = models.BigIntegerField(null=True, unique=True)
    epoch = models.IntegerField()
    nodes = models.IntegerField()

    def __str__(self) -> str:
        return f"ranking {self.pk}"


class RankingRow(models.Model):
    """A node's rank in a ranking, and the figures behind it."""

    pk = models.CompositePrimaryKey("ranking_id", "rank")
    ranking = models.ForeignKey(Ranking, models.CASCADE, related_name="rows", db_index=False)
    rank = models.IntegerField()
    movement = models.IntegerField(null=True)
    node = models.ForeignKey(Node, models.DO_NOTHING, db_constraint=False, related_name="+", db_index=False)
    score_bps = models.IntegerField()
    q_bps = models.IntegerField()
    q_latency = models.IntegerField()
    q_uptime = models.IntegerField()
    q_stake = models.IntegerField()
    q_scarcity = models.IntegerField()
    q_sla = models.IntegerField()
    penalty_bps = models.IntegerField()
    degraded = models.BooleanField()
    live = models.BooleanField()
    accepted = models.IntegerField()
    sla_bps = models.IntegerField(null=True)
    uptime_bps = models.IntegerField()
    latency_ms = models.BigIntegerField(null=True)
    latency_percentile_bps = models.IntegerField()
    effective_stake = models.BigIntegerField()
    apr_bps = models.BigIntegerField(null=True)

    class Meta:
        indexes = [models.Index(fields=["node", "-ranking"], name="staking_rankingrow_node")]

    def __str__(self) -> str:
        return f"#{self.rank}"
