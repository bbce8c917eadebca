"""Archived epochs: what was written to files and dropped."""

from __future__ import annotations

from django.db import models


class Archive(models.Model):
    """A file with rows of a settled epoch, and whether they are still in the database (docs/operations.md, Retention).

    `forgotten_at`: receipts only; from then on a receipt that is not later than `newest` is refused, since the keys
    that would detect a duplicate are being deleted.
    """

    pk = models.CompositePrimaryKey("kind", "epoch")
    kind = models.CharField(max_length=10)
    epoch = models.IntegerField()
    name = models.CharField(max_length=100)
    rows = models.BigIntegerField()
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    newest = models.DateTimeField(null=True)
    archived_at = models.DateTimeField()
    forgotten_at = models.DateTimeField(null=True)
    dropped_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name
