"""Records of the chain: sent transactions, anchored epochs, credited deposits.

The settlement contract decides what is anchored (R52): `Anchor` and `ChainStatus` follow it and are corrected when they
differ. Deposits are final when they are written, and are never changed (R54).
"""

from __future__ import annotations

from django.db import models

from postgres.fields import AddressField, WideIntegerField


class Attempt(models.Model):
    """A signed transaction of the oracle, stored before it is broadcast. Fees in wei per gas.

    `part`: 0 for a call of `submit`, −n for one of `submit_more` when n slashes of the epoch lack.
    `head`: the number of the newest block when it was signed.
    """

    epoch = models.IntegerField()
    part = models.IntegerField(default=0)
    account = AddressField()
    nonce = models.BigIntegerField()
    hash = models.CharField(max_length=66, unique=True, db_collation="C")
    raw = models.BinaryField()
    tip = WideIntegerField()
    max_fee = WideIntegerField()
    gas = models.BigIntegerField()
    head = models.BigIntegerField()
    created_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["epoch", "part"], name="chain_attempt_epoch"),
            models.Index(fields=["account", "nonce"], name="chain_attempt_nonce"),
        ]

    def __str__(self) -> str:
        return self.hash


class Anchor(models.Model):
    """An epoch that the contract has. `transaction` is "" when it is not known which one anchored it."""

    class State(models.TextChoices):
        MINED = "mined"
        FINAL = "final"

    epoch = models.IntegerField(primary_key=True)
    state = models.CharField(max_length=5, choices=State)
    transaction = models.CharField(max_length=66, blank=True, db_collation="C")
    block = models.BigIntegerField()
    block_hash = models.CharField(max_length=66, db_collation="C")
    mined_at = models.DateTimeField()
    final_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="chain_anchor_final_at",
                condition=models.Q(state="mined", final_at=None)
                | models.Q(state="final", final_at__isnull=False),
            )
        ]
        indexes = [
            models.Index(fields=["epoch"], name="chain_anchor_mined", condition=models.Q(state="mined"))
        ]

    def __str__(self) -> str:
        return f"epoch {self.epoch} {self.state}"


class ChainStatus(models.Model):
    """One row: the chain as it was last seen, and what is wrong with it.

    `settlement`: the address whose contract was verified. `head`: the highest block seen. `checkpoint`: the newest
    block that was final, which must stay where it is. `first_epoch`: the first epoch that could be submitted to the
    contract. `last_epoch` and what follows it are the contract's, as of the newest block. `problem` is a code of
    `chain.problems`; `reorganized_at` is set from a reorganisation of final blocks until a person accepts the chain.
    """

    id = models.SmallIntegerField(primary_key=True, default=1)
    genesis_hash = models.CharField(max_length=66, blank=True)
    settlement = AddressField(blank=True)
    head = models.BigIntegerField(default=0)
    head_at = models.DateTimeField(null=True)
    checkpoint = models.BigIntegerField(null=True)
    checkpoint_hash = models.CharField(max_length=66, blank=True)
    first_epoch = models.IntegerField(default=1)
    last_epoch = models.IntegerField(default=0)
    provable_epoch = models.IntegerField(default=0)
    emitted = models.BigIntegerField(default=0)
    paused = models.BooleanField(default=False)
    oracle = AddressField(blank=True)
    balance = WideIntegerField(null=True)
    problem = models.CharField(max_length=24, blank=True)
    problem_data = models.JSONField(default=dict)
    problem_since = models.DateTimeField(null=True)
    reorganized_at = models.DateTimeField(null=True)
    seen_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "chain status"
        constraints = [
            models.CheckConstraint(name="chain_chainstatus_single", condition=models.Q(id=1)),
            models.CheckConstraint(
                name="chain_chainstatus_problem",
                condition=models.Q(problem="", problem_since=None) | models.Q(problem_since__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.problem or "ok"


class Deposit(models.Model):
    """Tokens that a wallet locked in the token contract, and that were credited to it (R54). `amount` in µIFM.

    `index`: the number of the lock in the contract. `posting`: the ledger's transaction. `credited_at`: network time.
    """

    index = models.BigIntegerField(primary_key=True)
    wallet = AddressField()
    amount = models.BigIntegerField()
    transaction = models.CharField(max_length=66, db_collation="C")
    log_index = models.IntegerField()
    block = models.BigIntegerField()
    posting = models.BigIntegerField(unique=True)
    credited_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(name="chain_deposit_sane", condition=models.Q(index__gte=0, amount__gt=0)),
        ]
        indexes = [models.Index(fields=["wallet", "-index"], name="chain_deposit_wallet")]

    def __str__(self) -> str:
        return f"deposit {self.index}"


class MirrorCursor(models.Model):
    """One row: up to where deposits were read (R54), and what is wrong.

    `block`: the newest final block up to which all deposits are credited. `count` and `lock_head`: of the deposits that
    are credited, the number and the contract's rolling hash. `recheck`: compare all deposits with the chain again.
    `head_hash`: the newest block at the last run that had nothing left to do. `initial_supply`, `minted`, `burned`: the
    token contract's at `block`; `released`: what its events up to there say was unlocked. All in µIFM.
    """

    id = models.SmallIntegerField(primary_key=True, default=1)
    token = AddressField()
    block = models.BigIntegerField()
    block_hash = models.CharField(max_length=66)
    count = models.BigIntegerField(default=0)
    lock_head = models.CharField(max_length=66)
    recheck = models.BooleanField(default=False)
    head_hash = models.CharField(max_length=66, blank=True)
    initial_supply = models.BigIntegerField(default=0)
    minted = models.BigIntegerField(default=0)
    burned = models.BigIntegerField(default=0)
    released = models.BigIntegerField(default=0)
    problem = models.CharField(max_length=24, blank=True)
    problem_data = models.JSONField(default=dict)
    problem_since = models.DateTimeField(null=True)
    seen_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(name="chain_mirrorcursor_single", condition=models.Q(id=1)),
            models.CheckConstraint(
                name="chain_mirrorcursor_problem",
                condition=models.Q(problem="", problem_since=None) | models.Q(problem_since__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.count} deposits up to block {self.block}"
