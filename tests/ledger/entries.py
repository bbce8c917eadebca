"""The journal's entries of an account, beside its stored balance."""

from __future__ import annotations

from django.db.models import Sum

from ledger.models import Entry


def entries_sum(name: str) -> int:
    """Sum of an account's entries in µIFM."""
    return int(Entry.objects.filter(account__name=name).aggregate(total=Sum("amount"))["total"] or 0)
