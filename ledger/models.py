"""The double-entry journal (R9–R11). Only `posting.post` writes it; the database refuses everything else."""

from django.db import models


class Account(models.Model):
    """An account of R9 with its balance in µIFM, which the database computes from the entries."""

    name = models.CharField(max_length=64, db_collation="C")
    balance = models.BigIntegerField(default=0, db_default=0)

    class Meta:
        constraints = [
            # Not unique=True: that adds a second index for LIKE, which every posting would maintain.
            models.UniqueConstraint(fields=["name"], name="ledger_account_unique_name"),
            models.CheckConstraint(
                name="ledger_account_not_negative",
                condition=models.Q(balance__gte=0) | models.Q(name__in=("issuance", "custody")),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Transaction(models.Model):
    """A transaction, whose entries sum to 0: kind, reference, actor, time."""

    kind = models.CharField(max_length=32)
    reference = models.CharField(max_length=128, blank=True)
    actor = models.CharField(max_length=64, blank=True)
    key = models.CharField(max_length=128, null=True)  # noqa: DJ001 (absent keys must not collide)
    at = models.DateTimeField()
    epoch = models.IntegerField()

    class Meta:
        indexes = [models.Index(fields=["kind", "id"], name="ledger_transaction_kind")]
        constraints = [models.UniqueConstraint(fields=["key"], name="ledger_transaction_unique_key")]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class JournalNumber(models.Model):
    """The number of a transaction in the journal, without gaps, and the hash of the journal up to it.

    Written once, by the settlement that follows the transaction (ledger/numbering.py).
    """

    number = models.BigIntegerField(primary_key=True)
    # No foreign key: the rows are selected from the transactions, which are never deleted.
    transaction = models.OneToOneField(
        Transaction, models.PROTECT, related_name="numbered", db_constraint=False
    )
    hash = models.BinaryField()

    class Meta:
        constraints = [
            models.CheckConstraint(name="ledger_journalnumber_from_1", condition=models.Q(number__gte=1))
        ]

    def __str__(self) -> str:
        return f"{self.number}: transaction {self.transaction_id}"


class Entry(models.Model):
    """One side of a transaction: µIFM added to an account, negative when taken from it."""

    transaction = models.ForeignKey(Transaction, models.PROTECT, related_name="entries", db_constraint=False)
    account = models.ForeignKey(
        Account, models.PROTECT, related_name="entries", db_index=False, db_constraint=False
    )
    amount = models.BigIntegerField()

    class Meta:
        verbose_name_plural = "entries"
        constraints = [models.CheckConstraint(name="ledger_entry_not_zero", condition=~models.Q(amount=0))]
        indexes = [models.Index(fields=["account", "id"], name="ledger_entry_account")]

    def __str__(self) -> str:
        return f"{self.account_id} {self.amount:+}"
