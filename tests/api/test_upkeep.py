"""What identity forgets, and when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from inframind.identity import upkeep
from inframind.identity.models import IdempotencyKey, Nonce, Token

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.mark.django_db
def test_only_what_ran_out_long_ago_is_forgotten():
    for age in (0, 31):
        IdempotencyKey.objects.create(caller="c", path="p", key=str(age), created_at=NOW - age * DAY)
    for age in (0, 2):
        Nonce.objects.create(
            nonce=f"nonce{age}", address="0x" + "a" * 40, issued_at=NOW, expires_at=NOW - age * DAY
        )
    for age in (0, 91):
        Token.objects.create(digest=str(age), scope="read", created_at=NOW, expires_at=NOW - age * DAY)
    upkeep.prune(now=NOW)
    assert IdempotencyKey.objects.get().key == "0"
    assert Nonce.objects.get().nonce == "nonce0"
    assert Token.objects.get().digest == "0"
