"""Forms that ran, and changes of the data that lists show."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from postgres.fields import AddressField


class FormKey(models.Model):
    """A form that ran: the idempotency key of its review, a digest of its values, and the answer to repeat.

    Not `identity.IdempotencyKey`: that one stores whole HTTP responses of API clients, refusals too; a form that was
    refused is corrected and sent again under the same key.
    """

    wallet = AddressField()
    key = models.CharField(max_length=32, db_collation="C")
    action = models.CharField(max_length=32)
    digest = models.CharField(max_length=64)
    answer = models.JSONField(null=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(name="web_formkey_once", fields=["wallet", "key"])]

    def __str__(self) -> str:
        return f"{self.action} {self.key}"


class DataChange(models.Model):
    """One row for each statement that changed what node lists and the scheduler read; triggers insert it."""

    at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"change {self.pk}"
