"""Idempotent forms: a form that is sent twice, also after the back button or a lost connection, runs once.

The review of an action creates a key and puts it in its form. Sending that form again, later or at the same moment,
returns the first answer and has no second effect. A refusal stores nothing: the form can be corrected and sent again.

Beyond the ORM: an insert that waits for the same key and returns the row that was there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from json import dumps, loads
from secrets import token_hex
from typing import Any, TypeVar

from django.db import transaction

from postgres.prepared import Prepared
from protocol.errors import IdempotencyConflict, Invalid
from web.models import FormKey

Answer = dict[str, Any]
Result = TypeVar("Result")
KEY = re.compile(r"[0-9a-f]{32}")
RETENTION = timedelta(days=90)
# Waits for a transaction that holds the same key, and returns its row once that one commits.
CLAIM = Prepared("""
    INSERT INTO web_formkey (wallet, key, action, digest, at)
    VALUES (%(wallet)s, %(key)s, %(action)s, %(digest)s, %(at)s)
    ON CONFLICT (wallet, key) DO UPDATE SET key = excluded.key RETURNING id, digest, answer
""")
STORE = Prepared("UPDATE web_formkey SET answer = %(answer)s::text::jsonb WHERE id = %(id)s RETURNING id")


def new_key() -> str:
    """A new key for a review."""
    return token_hex(16)


def is_key(key: str) -> bool:
    """True if the text has the form of a key."""
    return KEY.fullmatch(key) is not None


def run_once(
    *, wallet: str, key: str, action: str, body: Mapping[str, str], now: datetime, run: Callable[[], Answer]
) -> Answer:
    """Run `run` unless this wallet used this key before; its answer (JSON) is stored in the same transaction.

    A key belongs to one action with one body, the values of the form. Raises: `invalid` for text that is no key,
    `idempotency_conflict` for a key that was used with another action or body, and what `run` raises; then nothing
    is stored.
    """
    if not is_key(key):
        raise Invalid("Open the review again: its key is missing.", field="key")
    digest = sha256(dumps([action, dict(body)], sort_keys=True).encode()).hexdigest()
    with transaction.atomic():
        row = CLAIM.row(wallet=wallet, key=key, action=action, digest=digest, at=now)
        assert row is not None
        number, first_digest, stored = row
        if first_digest != digest:
            raise IdempotencyConflict("This form was sent before with other values. Open the review again.")
        if stored is not None:
            former: Answer = loads(stored)
            return former
        answer = run()
        # The COMMIT goes with it.
        STORE.last_row(id=number, answer=dumps(answer))
        return answer


def dry_run(run: Callable[[], Result]) -> Result:
    """The result of `run`, with everything that it changed rolled back: a preview that equals the action."""
    with transaction.atomic():
        try:
            return run()
        finally:
            transaction.set_rollback(True)


def prune(*, now: datetime) -> None:
    """Delete keys and answers older than RETENTION; their effects stay in the ledger."""
    FormKey.objects.filter(at__lt=now - RETENTION).delete()


def answer_of(*, wallet: str, key: str) -> Answer | None:
    """The stored answer of a form of this wallet; None when it never ran."""
    return FormKey.objects.filter(wallet=wallet, key=key).values_list("answer", flat=True).first()
