from __future__ import annotations

from django.db import models

from staking.models.node import Node


class Receipt(models.Model):
    """A job that a node was given (R21). Partitioned by epoch; written by COPY, never through the ORM."""

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
    """The accepted jobs of one batch that a region asked for (R26): counted once, when they are recorded."""

    epoch = models.IntegerField(db_index=True)
    region = models.CharField(max_length=32, db_collation="C")
    jobs = models.IntegerField()

    class Meta:
        constraints = [models.CheckConstraint(name="staking_demand_counted", condition=models.Q(jobs__gt=0))]

    def __str__(self) -> str:
        return f"{self.jobs} from {self.region} in {self.epoch}"


class JobKey(models.Model):
    """Every job id ever recorded: its primary key decides duplicates, its digest decides conflicts (R21)."""

    job_id = models.CharField(max_length=64, primary_key=True, db_collation="C")
    epoch = models.IntegerField()
    digest = models.BinaryField()

    def __str__(self) -> str:
        return self.job_id


class Heartbeat(models.Model):
    """A node was heard in the slot that starts at `at` (R25); ahead of the open epoch, at that very moment."""

    pk = models.CompositePrimaryKey("at", "node_id")
    at = models.DateTimeField()
    node_id = models.IntegerField()

    def __str__(self) -> str:
        return f"{self.node_id} at {self.at}"


class Attestation(models.Model):
    """Hardware as the oracle measured it, beside what was declared then (`fake_resources`)."""

    node = models.ForeignKey(Node, models.PROTECT, related_name="attestations")
    epoch = models.IntegerField(db_index=True)
    at = models.DateTimeField()
    declared = models.JSONField()
    measured = models.JSONField()
    shortfalls = models.JSONField(default=list)

    def __str__(self) -> str:
        return f"attestation {self.pk}"


class Ranking(models.Model):
    """One ranking of all active nodes (R49). `slot` counts ranking periods; commands rank outside of them."""

    computed_at = models.DateTimeField(db_index=True)
    slot = models.BigIntegerField(null=True, unique=True)
    epoch = models.IntegerField()
    nodes = models.IntegerField()

    def __str__(self) -> str:
        return f"ranking {self.pk}"


class RankingRow(models.Model):
    """A node's place in a ranking and the figures it was judged by."""

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
