"""Deletion of expired rows of identity."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.contrib.sessions.models import Session

from identity.models import NOBODY, IdempotencyKey, Nonce, Token

ANSWER_RETENTION = timedelta(days=30)
# Refusals are kept for a short time only: anybody can produce any number of them.
REFUSAL_RETENTION = timedelta(days=1)
MAX_ANONYMOUS_ANSWERS = 100_000
TOKEN_RETENTION = timedelta(days=90)
# How far back refusals are looked for; what a worker that was down for longer has left goes with the other answers.
LOOK_BACK = timedelta(hours=1)


def prune(*, now: datetime) -> None:
    """Delete expired idempotency answers and sign-ins (wall clock)."""
    _prune_answers(now)
    Nonce.objects.filter(expires_at__lt=now).delete()
    Session.objects.filter(expire_date__lt=now).delete()
    Token.objects.filter(expires_at__lt=now - TOKEN_RETENTION).delete()


def _prune_answers(now: datetime) -> None:
    answers = IdempotencyKey.objects
    answers.filter(created_at__lt=now - ANSWER_RETENTION).delete()
    until = now - REFUSAL_RETENTION
    answers.filter(created_at__range=(until - LOOK_BACK, until), status__gte=400).delete()
    nobodys = answers.filter(caller__startswith=NOBODY)
    last = nobodys.order_by("-id").values_list("id", flat=True)[MAX_ANONYMOUS_ANSWERS:].first()
    if last is not None:
        nobodys.filter(id__lte=last).delete()
