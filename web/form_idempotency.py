"""Forms that act once: double submit, back button and a lost connection are harmless.

The review of an act mints a key and carries it in its form. Whoever sends that form again, later or at the
same moment, gets the first answer and no second effect. A refusal keeps nothing: the form may be sent again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from json import dumps
from secrets import token_hex
from typing import Any, TypeVar

from django.db import transaction

from protocol.errors import IdempotencyConflict, Invalid
from web.models import FormKey

Answer = dict[str, Any]
Result = TypeVar("Result")
KEY = re.compile(r"[0-9a-f]{32}")
KEPT = timedelta(days=90)


def mint_key() -> str:
    """A new key for a review."""
    return token_hex(16)


def is_key(key: str) -> bool:
    """Whether a review could have minted it."""
    return KEY.fullmatch(key) is not None


def act_once(
    *, wallet: str, key: str, act: str, body: Mapping[str, str], now: datetime, run: Callable[[], Answer]
) -> Answer:
    """Run `run` unless this wallet sent this key before; its answer (JSON) is kept with its effect.

    `act` names what is done and `body` is what the form said: a key stands for that and nothing else.
    Raises: `invalid` for a key that no review minted, `idempotency_conflict` when it was used for something
    else, and whatever `run` raises; then nothing is kept.
    """
    if not is_key(key):
        raise Invalid("Open the review again: its key is missing.", field="key")
    digest = sha256(dumps([act, dict(body)], sort_keys=True).encode()).hexdigest()
    with transaction.atomic():
        # The insert waits for whoever holds the same key, and finds its row when that one commits.
        fresh = FormKey(wallet=wallet, key=key, act=act, digest=digest, at=now)
        FormKey.objects.bulk_create([fresh], ignore_conflicts=True)
        row = FormKey.objects.select_for_update().get(wallet=wallet, key=key)
        if row.digest != digest:
            raise IdempotencyConflict("This form was sent before with other values. Open the review again.")
        if row.answer is None:
            row.answer = run()
            row.save(update_fields=["answer"])
        answer: Answer = row.answer
        return answer


def rehearse(run: Callable[[], Result]) -> Result:
    """Do it, look at what it did, and take it back: a preview that cannot differ from the act."""
    with transaction.atomic():
        try:
            return run()
        finally:
            transaction.set_rollback(True)


def forget(*, now: datetime) -> None:
    """Drop forms so old that nobody comes back to them; what they did stays in the ledger."""
    FormKey.objects.filter(at__lt=now - KEPT).delete()


def answer_of(*, wallet: str, key: str) -> Answer | None:
    """What came of a form of this wallet; None when it never acted."""
    return FormKey.objects.filter(wallet=wallet, key=key).values_list("answer", flat=True).first()
