"""Post transactions: the only writer of the ledger (R9).

Figure: ledger, 8 clients
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError
from psycopg.errors import CheckViolation, UniqueViolation

from postgres.prepared import Prepared
from protocol.errors import IdempotencyConflict, InsufficientBalance

# The call that posts, for statements that also write rows: `posting` returns its values, `run` translates its errors.
CALL = "ledger_post(%(key)s, %(kind)s, %(reference)s, %(actor)s, %(at)s, %(epoch)s, %(names)s, %(amounts)s)"
POST = Prepared(f"SELECT {CALL}")


def post(
    *,
    kind: str,
    moves: Mapping[str, int],
    at: datetime,
    epoch: int,
    reference: str = "",
    actor: str = "",
    key: str | None = None,
) -> int:
    """Post one balanced transaction and return its id (R9–R11); one round trip.

    `moves` maps account names to µIFM added (negative: taken); zero moves are dropped. With a `key` that
    was posted before, nothing is written and the first transaction's id is returned.

    Raises: `insufficient_balance` when an account would fall below 0, `idempotency_conflict` when the key
    belongs to a transaction of another kind or reference, ValueError when the moves do not sum to 0.
    """
    values = posting(kind=kind, moves=moves, at=at, epoch=epoch, reference=reference, actor=actor, key=key)
    return int(run(POST.row, values)[0])


def posting(
    *,
    kind: str,
    moves: Mapping[str, int],
    at: datetime,
    epoch: int,
    reference: str = "",
    actor: str = "",
    key: str | None = None,
) -> dict[str, Any]:
    """The values of CALL for the arguments of `post`. Raises ValueError when the moves do not sum to 0."""
    if sum(moves.values()) != 0 or not any(moves.values()):
        raise ValueError(f"the moves of {kind} do not balance: {dict(moves)!r:.200}")
    return {
        "key": key,
        "kind": kind,
        "reference": reference,
        "actor": actor,
        "at": at,
        "epoch": epoch,
        # Array literals are built here: psycopg's list adapter costs more than the statement for wide postings.
        "names": "{" + ",".join(moves) + "}",
        "amounts": "{" + ",".join(map(str, moves.values())) + "}",
    }


def run(statement: Callable[..., tuple[Any, ...] | None], values: Mapping[str, Any]) -> tuple[Any, ...]:
    """Run a statement that contains CALL, by its `row` or `last_row`, and return its row. Raises as `post` does."""
    try:
        row = statement(**values)
    except IntegrityError as error:
        raise _refusal(error) from error
    assert row is not None
    return row


def _refusal(error: IntegrityError) -> Exception:
    cause = error.__cause__
    if isinstance(cause, CheckViolation) and cause.diag.constraint_name == "ledger_account_not_negative":
        return InsufficientBalance()
    if isinstance(cause, UniqueViolation) and cause.diag.constraint_name == "ledger_key_conflict":
        return IdempotencyConflict()
    return error
