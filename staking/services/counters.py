"""Gapless numbers of disputes, proposals and slashes: one counter row for each kind.

Beyond the ORM: an upsert that returns the new value.
"""

from __future__ import annotations

from django.db import connection

NEXT = """
INSERT INTO staking_counter (name, last) VALUES (%(name)s, %(count)s)
ON CONFLICT (name) DO UPDATE SET last = staking_counter.last + %(count)s RETURNING last
"""


def next_number(name: str) -> int:
    """Return the next number of a kind, from 1.

    The row of the counter stays locked to the end of the transaction, and a rollback takes the number back, so that
    numbers have no gaps. Call it after all other locks but those of accounts: nobody who holds an account takes one.
    """
    return next_numbers(name, 1)[0]


def next_numbers(name: str, count: int) -> range:
    """Return the next `count` consecutive numbers of a kind, as `next_number` does."""
    with connection.cursor() as cursor:
        cursor.execute(NEXT, {"name": name, "count": count})
        last = int(cursor.fetchone()[0])
    return range(last - count + 1, last + 1)
