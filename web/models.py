from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from postgres.fields import AddressField


class FormKey(models.Model):
    """A form submission: the idempotency key of its review, a digest of its values, and the answer to replay."""

    wallet = AddressField()
    key = models.CharField(max_length=32, db_collation="C")
    act = models.CharField(max_length=32)
    digest = models.CharField(max_length=64)
    answer = models.JSONField(null=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(name="web_formkey_once", fields=["wallet", "key"])]

    def __str__(self) -> str:
        return f"{self.act} {self.key}"


class DataChange(models.Model):
    """One row per statement that changed what node lists and the scheduler read; database triggers insert it."""

    at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"change {self.pk}"
