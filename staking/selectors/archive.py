"""Epochs whose receipts the database holds completely."""

from __future__ import annotations

from django.db.models import Max

from staking.models import Archive


def first_epoch_with_receipts() -> int:
    """The first epoch whose receipts are whole: none of its job ids is being forgotten, none was dropped."""
    forgotten = Archive.objects.filter(kind="receipts").exclude(forgotten_at=None)
    return (forgotten.aggregate(last=Max("epoch"))["last"] or 0) + 1
