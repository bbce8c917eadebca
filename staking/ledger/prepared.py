"""Statements of the busiest path: planned once for each connection, their values sent apart from their text.

For the few statements that every money operation runs. All else goes through the ORM or a plain cursor.
"""

from __future__ import annotations

import re
from typing import Any

import psycopg
from django.db import DEFAULT_DB_ALIAS, connections

_NAME = re.compile(r"%\((\w+)\)s")


class Prepared:
    """One statement with values named like %(this)s; the server infers their types from where they stand."""

    def __init__(self, sql: str) -> None:
        self.names = list(dict.fromkeys(_NAME.findall(sql)))
        places = {name: f"${place}" for place, name in enumerate(self.names, 1)}
        self.sql = _NAME.sub(lambda found: places[found[1]], sql)

    def row(self, **values: Any) -> tuple[Any, ...] | None:
        """Run it and answer with its first row. Raises what a Django cursor raises."""
        database = connections[DEFAULT_DB_ALIAS]
        database.ensure_connection()
        database.validate_no_broken_transaction()
        # Numbers as text: a number's own type follows its size, and each would be another statement to plan.
        given = [str(value) if type(value) is int else value for value in map(values.__getitem__, self.names)]
        with database.wrap_database_errors, psycopg.RawCursor(database.connection) as cursor:
            cursor.execute(self.sql, given, prepare=True)
            row: tuple[Any, ...] | None = cursor.fetchone()
            return row
