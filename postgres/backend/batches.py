"""The cursor of the backend: inside a batch (postgres/batched_reads.py) it waits for the statements of the others.

Savepoints that wait (postgres/backend/savepoints.py) are sent with the next statement of any cursor.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import psycopg
from django.db.backends.postgresql import base
from greenlet import getcurrent, greenlet
from psycopg.adapt import Transformer

from postgres.backend import savepoints

READS = ("SELECT", "WITH")
# A read that also changes or locks rows; equal statements are sent once, so it would run once for several.
CHANGES = re.compile(
    r"\b(INSERT\s+INTO|DELETE\s+FROM|MERGE\s+INTO|UPDATE\s+\S+\s+(\w+\s+)?SET|FOR\s+(NO\s+KEY\s+)?UPDATE|FOR\s+(KEY\s+)?SHARE)\b",
    re.IGNORECASE,
)


class BatchedRead(greenlet):
    """A function of a batch. `cursors`: those whose rows it waits for."""

    cursors: Sequence[Cursor] = ()

    def wait(self) -> None:
        """Let the other functions run until they wait too, and their statements be sent."""
        assert self.parent is not None
        self.parent.switch()
        self.cursors = ()


class Cursor(base.CursorMixin, psycopg.ClientCursor[Any]):
    """Django's cursor. Inside a batch a statement is sent when its rows are needed, with those of the others."""

    _statement: str | None = None

    def execute(self, query: Any, params: Any = None, **options: Any) -> Any:
        if not isinstance(getcurrent(), BatchedRead):
            return self._execute_after_savepoints(query, params, **options)
        self._reset()
        self._tx = Transformer(self)
        # Django's log of queries reads it.
        self._query = self._convert_query(query, params)
        statement = self._query.query.decode(self._tx.encoding)
        if not statement.lstrip(" \n(").upper().startswith(READS) or CHANGES.search(str(query)):
            raise _not_a_read(statement)
        self._statement = statement
        return self

    def _execute_after_savepoints(self, query: Any, params: Any, **options: Any) -> Any:
        if not savepoints.waiting(self.connection):
            return super().execute(query, params, **options)
        # Fails on a wrong value before anything is sent.
        statement = self.mogrify(query, params).encode(self._encoding)
        before = savepoints.take(self.connection)
        super().execute(b";".join([*before, statement]), **options)
        for _ in before:
            self.nextset()
        # Django's log of queries reads it.
        self._query = self._convert_query(query, params)
        return self

    def executemany(self, query: Any, *args: Any, **options: Any) -> Any:
        if isinstance(getcurrent(), BatchedRead):
            raise _not_a_read(str(query))
        savepoints.send(self.connection)
        return super().executemany(query, *args, **options)

    def copy(self, statement: Any, *args: Any, **options: Any) -> Any:
        if isinstance(getcurrent(), BatchedRead):
            raise _not_a_read(str(statement))
        savepoints.send(self.connection)
        return super().copy(statement, *args, **options)

    @property
    def statement(self) -> str:
        assert self._statement is not None
        return self._statement

    def receive(self, rows: Any) -> None:
        """Take the result of the statement."""
        self._statement = None
        self._set_results([rows])

    def _wait_for_rows(self) -> None:
        current = getcurrent()
        if self._statement is not None and isinstance(current, BatchedRead):
            current.cursors = [self]
            current.wait()

    @property
    def description(self) -> Any:
        self._wait_for_rows()
        return super().description

    @property
    def rowcount(self) -> int:
        self._wait_for_rows()
        return super().rowcount

    def fetchone(self) -> Any:
        self._wait_for_rows()
        return super().fetchone()

    def fetchmany(self, size: int = 0) -> Any:
        self._wait_for_rows()
        return super().fetchmany(size)

    def fetchall(self) -> Any:
        self._wait_for_rows()
        return super().fetchall()

    def __next__(self) -> Any:
        self._wait_for_rows()
        return super().__next__()


def _not_a_read(statement: str) -> psycopg.NotSupportedError:
    return psycopg.NotSupportedError(f"a batch reads only, and this is no read: {statement[:80]}")


def fetch(cursors: Sequence[Cursor]) -> None:
    """Send the statements of these cursors of one connection in one round trip, equal ones once.

    Raises what the first that fails raises.
    """
    if not cursors:
        return
    statements = list(dict.fromkeys(cursor.statement for cursor in cursors))
    connection = cursors[0].connection
    before = savepoints.take(connection)
    with psycopg.ClientCursor(connection) as together:
        together.execute(b"\n;\n".join([*before, *(statement.encode() for statement in statements)]))
        results = [one.pgresult for one in together.results()][len(before) :]
    if len(results) != len(statements):
        raise psycopg.ProgrammingError("a statement of a batch is more than one")
    rows = dict(zip(statements, results, strict=True))
    for cursor in cursors:
        cursor.receive(rows[cursor.statement])
