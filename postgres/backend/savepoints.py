"""Savepoints that share a round trip with the next statement.

Django sends SAVEPOINT and RELEASE SAVEPOINT in round trips of their own: four of the fifteen of a money action under an
idempotency key. Here they wait, on the psycopg connection, for the next statement, whatever sends it: Django's cursors
(postgres/backend/batches.py), `Prepared`, a batch of reads or COPY. One inside which nothing was sent is never sent.

docs/reliability.md counts the round trips of pages and endpoints.
"""

from __future__ import annotations

from typing import Any

import psycopg

_WAITING = "_inframind_savepoints"


def waiting(connection: psycopg.Connection[Any]) -> list[bytes]:
    """The statements that go before the next one of this connection, oldest first."""
    statements: list[bytes] = vars(connection).setdefault(_WAITING, [])
    return statements


def take(connection: psycopg.Connection[Any]) -> list[bytes]:
    """Return these statements for sending now, before a statement that cannot fail before it is sent."""
    statements = waiting(connection)
    taken = statements.copy()
    statements.clear()
    return taken


def send(connection: psycopg.Connection[Any]) -> None:
    """Send them in a round trip of their own: where the next statement is sent in another protocol."""
    if waiting(connection):
        with psycopg.ClientCursor(connection) as cursor:
            cursor.execute(b";".join(take(connection)))


def begin(connection: psycopg.Connection[Any], name: bytes) -> None:
    """Begin a savepoint."""
    waiting(connection).append(b"SAVEPOINT " + name)


def release(connection: psycopg.Connection[Any], name: bytes) -> None:
    """Release a savepoint, together with its beginning when nothing was sent since."""
    statements = waiting(connection)
    if statements[-1:] == [b"SAVEPOINT " + name]:
        statements.pop()
    else:
        statements.append(b"RELEASE SAVEPOINT " + name)


def undo(connection: psycopg.Connection[Any], name: bytes) -> bool:
    """Undo a savepoint that was not sent; False when it was, and the server has to roll back to it."""
    statements = waiting(connection)
    begun = b"SAVEPOINT " + name
    if begun not in statements:
        # What waits is of savepoints inside this one.
        statements.clear()
        return False
    # As after a rollback, the savepoint itself is still there.
    del statements[statements.index(begun) + 1 :]
    return True
