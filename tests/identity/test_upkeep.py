"""Deletion of expired rows of identity."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.sessions.models import Session

from identity import upkeep
from identity.models import IdempotencyKey, Nonce, Token

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)

pytestmark = pytest.mark.django_db


def answered(*, caller: str = "token:1", age: timedelta = MINUTE, status: int = 200) -> None:
    number = IdempotencyKey.objects.count()
    IdempotencyKey.objects.create(
        caller=caller, path="p", key=str(number), created_at=NOW - age, status=status
    )


def ages() -> list[timedelta]:
    return [NOW - row.created_at for row in IdempotencyKey.objects.order_by("id")]


def test_only_what_ran_out_is_forgotten():
    for age in (-MINUTE, MINUTE):
        Nonce.objects.create(
            nonce=f"nonce{age}", address="0x" + "a" * 40, issued_at=NOW, expires_at=NOW - age
        )
        Session.objects.create(session_key=f"session{age}", session_data="", expire_date=NOW - age)
    for age in (0, 91):
        Token.objects.create(digest=str(age), scope="read", created_at=NOW, expires_at=NOW - age * DAY)
    upkeep.prune(now=NOW)
    assert Nonce.objects.get().nonce == f"nonce{-MINUTE}"
    assert Session.objects.get().session_key == f"session{-MINUTE}"
    assert Token.objects.get().digest == "0"


def test_an_effect_is_remembered_for_a_month_and_a_refusal_for_a_day():
    for status in (200, 409):
        for age in (DAY - MINUTE, DAY + MINUTE, 30 * DAY - MINUTE, 30 * DAY + MINUTE):
            answered(age=age, status=status)
    upkeep.prune(now=NOW)
    within_a_month = [DAY - MINUTE, DAY + MINUTE, 30 * DAY - MINUTE]
    # The refusal of a month ago was missed by every look at those of a day ago.
    assert ages() == [*within_a_month, DAY - MINUTE, 30 * DAY - MINUTE]


def test_the_newest_answers_to_callers_without_a_token_are_kept(monkeypatch):
    monkeypatch.setattr(upkeep, "MAX_ANONYMOUS_ANSWERS", 3)
    for caller in ("address:10.0.0.1", "token:1", "address:::1", "session:1"):
        for minutes in (9, 8):
            answered(caller=caller, age=minutes * MINUTE)
    answered(caller="address:10.0.0.2")
    upkeep.prune(now=NOW)
    rows = Counter(IdempotencyKey.objects.values_list("caller", flat=True))
    assert rows == {"address:::1": 2, "address:10.0.0.2": 1, "token:1": 2, "session:1": 2}
