"""The version of the data that lists and the scheduler show; triggers insert a row with each change of it.

Beyond the ORM: a delete that inserts a row if it deleted any.
"""

from __future__ import annotations

import time

from django.db import connection

Version = tuple[int, int]
MAX_ROWS = 1_000
# Pruning adds a row itself: otherwise a row that commits late could make up for one that was deleted.
PRUNE = """
WITH deleted AS (DELETE FROM web_datachange WHERE id <= (SELECT max(id) FROM web_datachange) - %s RETURNING id),
  noted AS (INSERT INTO web_datachange (at) SELECT now() FROM deleted LIMIT 1)
SELECT count(*) FROM deleted
"""


def version() -> Version:
    """Return the data version: two are equal only if no row changed in between, in any order of commits."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(id), 0), count(*) FROM web_datachange")
        newest, rows = cursor.fetchone()
        return newest, rows


class RecentVersion:
    """The data version as this process last read it."""

    def __init__(self) -> None:
        self._version: Version = (-1, -1)
        self._until = 0.0

    def get(self, seconds: float) -> Version:
        """The version, read again when the last reading is older than `seconds`."""
        if time.monotonic() >= self._until:
            self._version = version()
            self._until = time.monotonic() + seconds
        return self._version

    def expire(self) -> None:
        """Read the version again with the next call."""
        self._until = 0.0


def prune() -> int:
    """Delete all but the newest rows, so that reading the version stays cheap. Returns the number deleted."""
    with connection.cursor() as cursor:
        cursor.execute(PRUNE, [MAX_ROWS])
        return int(cursor.fetchone()[0])
