"""IFM on a chain: deposits and exits of wallets (R54, R55). Amounts in µIFM."""

from __future__ import annotations

from django.db import models

from postgres.fields import AddressField


class TokenAccount(models.Model):
    """Sums of a wallet since the beginning: deposits, exits, and gains and losses up to its last exit."""

    wallet = AddressField(primary_key=True)
    deposited = models.BigIntegerField(default=0)
    minted = models.BigIntegerField(default=0)
    burned = models.BigIntegerField(default=0)
    released = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="staking_tokenaccount_sane",
                condition=models.Q(deposited__gte=0, minted__gte=0, burned__gte=0, released__gte=0),
            )
        ]

    def __str__(self) -> str:
        return self.wallet


class Exit(models.Model):
    """A request to take tokens out, executed when its epoch is settled. `transaction`: the ledger's, of the request."""

    class Status(models.TextChoices):
        RECORDED = "recorded"
        RELEASED = "released"

    wallet = AddressField()
    amount = models.BigIntegerField()
    epoch = models.IntegerField()
    requested_at = models.DateTimeField()
    transaction = models.BigIntegerField()
    status = models.CharField(max_length=8, choices=Status, default=Status.RECORDED)

    class Meta:
        constraints = [
            models.CheckConstraint(name="staking_exit_amount", condition=models.Q(amount__gt=0)),
        ]
        indexes = [
            models.Index(fields=["wallet", "id"], name="staking_exit_wallet"),
            models.Index(
                fields=["epoch", "wallet"], name="staking_exit_due", condition=models.Q(status="recorded")
            ),
        ]

    def __str__(self) -> str:
        return f"exit {self.pk}"


class ExitSums(models.Model):
    """The leaf of a wallet with an exit in an epoch: sums since the beginning (R55)."""

    epoch = models.IntegerField()
    wallet = AddressField()
    minted = models.BigIntegerField()
    burned = models.BigIntegerField()
    released = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(name="staking_exitsums_once", fields=["epoch", "wallet"]),
        ]

    def __str__(self) -> str:
        return f"{self.wallet} in epoch {self.epoch}"
