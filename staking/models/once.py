from __future__ import annotations

from django.db import models

from postgres.fields import AddressField


class FormKey(models.Model):
    """A form that a wallet sent under the key of its review, and what came of it: repeats get that again."""

    wallet = AddressField()
    key = models.CharField(max_length=32, db_collation="C")
    act = models.CharField(max_length=32)
    digest = models.CharField(max_length=64)
    answer = models.JSONField(null=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(name="staking_formkey_once", fields=["wallet", "key"])]

    def __str__(self) -> str:
        return f"{self.act} {self.key}"
