"""The version of the data that lists and the scheduler show; triggers insert a row with each change of it."""

from __future__ import annotations

from django.db import connection

MAX_ROWS = 1_000
# Pruning adds a row itself: otherwise a row that commits late could make up for one that was deleted.
PRUNE = """
WITH deleted AS (DELETE FROM web_datachange WHERE id <= (SELECT max(id) FROM web_datachange) - %s RETURNING id),
  noted AS (INSERT INTO web_datachange (at) SELECT now() FROM deleted LIMIT 1)
SELECT count(*) FROM deleted
"""


def version() -> tuple[int, int]:
    """Two readings are equal only if nothing changed between them, in whatever order transactions commit."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(id), 0), count(*) FROM web_datachange")
        newest, rows = cursor.fetchone()
        return newest, rows


def prune() -> int:
    """Delete all but the newest rows, so that reading the version stays cheap. Returns the number deleted."""
    with connection.cursor() as cursor:
        cursor.execute(PRUNE, [MAX_ROWS])
        return int(cursor.fetchone()[0])
