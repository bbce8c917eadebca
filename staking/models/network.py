"""The network: its clock, parameters, epochs, published inputs and events."""

from __future__ import annotations

from django.db import models


class Network(models.Model):
    """The one row of the whole network: which network the database holds, its clock, and what stops settlement.

    `kind` and `chain_id` are written once; a process that is configured otherwise refuses to start. `genesis` is the
    SHA-256 of the genesis file in production. `audited` is the last epoch after whose settlement the audit has run;
    it ended at `audited_at`, and its faults are `halted`. `alarms`: those that staff was told of, by name. `held_at`
    is set while an operator of the service holds settlement, ranking and payments.
    """

    class Kind(models.TextChoices):
        DEVNET = "devnet"
        PRODUCTION = "production"

    id = models.SmallIntegerField(primary_key=True, default=1)
    kind = models.CharField(max_length=10, choices=Kind)
    chain_id = models.BigIntegerField()
    genesis = models.CharField(max_length=64, blank=True)
    clock_offset_ms = models.BigIntegerField(default=0)
    halted = models.JSONField(default=list)
    audited = models.IntegerField(default=0, db_default=0)
    audited_at = models.DateTimeField(null=True)
    alarms = models.JSONField(default=dict, db_default={})
    held_at = models.DateTimeField(null=True)
    held_reason = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(name="staking_network_single", condition=models.Q(id=1)),
            models.CheckConstraint(
                name="staking_network_wall_clock",
                condition=models.Q(kind="devnet") | models.Q(clock_offset_ms=0),
            ),
        ]

    def __str__(self) -> str:
        return "network"


class Counter(models.Model):
    """The last number given to the rows of one kind; numbers of a kind have no gaps."""

    name = models.CharField(primary_key=True, max_length=16)
    last = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.name} {self.last}"


class ParameterSet(models.Model):
    """One version of the protocol's parameters (section 3), in force from the opening of `from_epoch`."""

    version = models.IntegerField(primary_key=True)
    from_epoch = models.IntegerField()
    values = models.JSONField()
    digest = models.CharField(max_length=64)
    proposal = models.BigIntegerField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["from_epoch", "version"], name="staking_parameterset_epoch")]

    def __str__(self) -> str:
        return f"parameters v{self.version}"


class Epoch(models.Model):
    """A stretch of time [start, end) that is settled once (R4).

    `journal_last` is the number of the last ledger transaction up to its settlement, `journal_hash` the hash of the
    journal up to it.
    """

    class Status(models.TextChoices):
        OPEN = "open"
        SETTLING = "settling"
        SETTLED = "settled"

    number = models.IntegerField(primary_key=True)
    start = models.DateTimeField(unique=True)
    end = models.DateTimeField(unique=True)
    status = models.CharField(max_length=8, choices=Status, default=Status.OPEN)
    parameters = models.ForeignKey(ParameterSet, models.PROTECT, related_name="epochs")
    settled_at = models.DateTimeField(null=True)
    carry_in = models.BigIntegerField(null=True)
    minted = models.BigIntegerField(null=True)
    pool = models.BigIntegerField(null=True)
    distributed = models.BigIntegerField(null=True)
    carry = models.BigIntegerField(null=True)
    burned = models.BigIntegerField(null=True)
    honest = models.BigIntegerField(null=True)
    returned = models.BigIntegerField(null=True)
    slashed = models.BigIntegerField(null=True)
    totals = models.JSONField(default=dict)
    merkle_root = models.CharField(max_length=66, blank=True)
    plan_hash = models.CharField(max_length=66, blank=True)
    journal_last = models.BigIntegerField(null=True)
    journal_hash = models.CharField(max_length=66, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="staking_epoch_forward", condition=models.Q(end__gt=models.F("start"))
            ),
            models.UniqueConstraint(
                name="staking_epoch_one_open",
                fields=["status"],
                condition=models.Q(status__in=["open", "settling"]),
            ),
            models.CheckConstraint(
                name="staking_epoch_pool_adds_up",
                condition=models.Q(pool=models.F("distributed") + models.F("carry")) | models.Q(pool=None),
            ),
        ]

    def __str__(self) -> str:
        return f"epoch {self.number}"


class EpochTree(models.Model):
    """All hashes of an epoch's Merkle tree, the root first, so that a proof does not have to compute them."""

    epoch = models.IntegerField(primary_key=True)
    hashes = models.BinaryField()

    def __str__(self) -> str:
        return f"tree of epoch {self.epoch}"


class EpochInputs(models.Model):
    """The inputs of a settled epoch, from which anyone can recompute its report: gzip, one JSON object a line (R53)."""

    epoch = models.IntegerField(primary_key=True)
    content = models.BinaryField()

    def __str__(self) -> str:
        return f"inputs of epoch {self.epoch}"


class Event(models.Model):
    """An event for the wallets that it concerns: written in the operation's transaction, sent after the commit."""

    kind = models.CharField(max_length=32)
    at = models.DateTimeField()
    epoch = models.IntegerField()
    node_id = models.IntegerField(null=True)
    wallet = models.CharField(max_length=42, blank=True, db_collation="C")
    data = models.JSONField(default=dict)
    dispatched = models.BooleanField(default=False, db_default=False)

    class Meta:
        indexes = [
            models.Index(fields=["id"], name="staking_event_waiting", condition=models.Q(dispatched=False)),
            models.Index(fields=["node_id", "id"], name="staking_event_node"),
            models.Index(fields=["wallet", "id"], name="staking_event_wallet"),
            models.Index(fields=["kind", "id"], name="staking_event_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"
