"""What identity may forget after a while."""

from __future__ import annotations

from datetime import datetime, timedelta

from .models import IdempotencyKey, Nonce, Token

ANSWERS_KEPT = timedelta(days=30)
NONCES_KEPT = timedelta(days=1)
TOKENS_KEPT = timedelta(days=90)


def prune(*, now: datetime) -> None:
    """Drop answers that nobody will ask again, and nonces and tokens that ran out long ago (wall clock)."""
    IdempotencyKey.objects.filter(created_at__lt=now - ANSWERS_KEPT).delete()
    Nonce.objects.filter(expires_at__lt=now - NONCES_KEPT).delete()
    Token.objects.filter(expires_at__lt=now - TOKENS_KEPT).delete()
