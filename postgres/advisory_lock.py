"""Advisory locks of work that spans several transactions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection


@contextmanager
def try_lock(name: str) -> Iterator[bool]:
    """Hold the lock of that name, or yield False when another process holds it.

    The lock is that of a transaction on a connection of its own: a pooler in transaction mode keeps it, the end of the
    process releases it, and the caller's transactions commit meanwhile.
    """
    own = connection.copy()
    try:
        own.set_autocommit(False)
        with own.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(hashtext(%s), 1)", [name])
            row = cursor.fetchone()
        yield bool(row[0])
    finally:
        own.close()
