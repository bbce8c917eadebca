"""The version of what lists and the scheduler show: the database adds a row with every statement that moves it."""

from __future__ import annotations

from django.db import connection

KEPT = 1_000
# A row more says that some have gone: else one that commits late could make up for one that went.
PRUNE = """
WITH gone AS (DELETE FROM web_datachange WHERE id <= (SELECT max(id) FROM web_datachange) - %s RETURNING id),
  noted AS (INSERT INTO web_datachange (at) SELECT now() FROM gone LIMIT 1)
SELECT count(*) FROM gone
"""


def version() -> tuple[int, int]:
    """Two readings are equal only if nothing moved between them, in whatever order transactions commit."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(id), 0), count(*) FROM web_datachange")
        newest, rows = cursor.fetchone()
        return newest, rows


def prune() -> int:
    """Drop all but the last rows, so that reading the version stays cheap; how many went."""
    with connection.cursor() as cursor:
        cursor.execute(PRUNE, [KEPT])
        return int(cursor.fetchone()[0])
