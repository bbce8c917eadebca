"""Prepared statements that share a round trip with the BEGIN before and the COMMIT after them.

For the few statements that every money operation runs, and for the checks of the audit, which take longer to plan than
to run on a small network; all else uses the ORM or a plain cursor. psycopg sends BEGIN in a round trip of its own
before the first statement of a transaction, and Django sends COMMIT after the last one. These round trips are a quarter
of the time of an operation under load.

INFRAMIND_PREPARED_STATEMENTS=off is for a connection pooler in transaction mode, which gives each transaction to
another server session: the statement is then sent with its values in the text and planned each time.

Figure: ledger, 8 clients
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Generic, TypeVar, cast, overload

import psycopg
from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections
from psycopg import abc, generators
from psycopg.adapt import Transformer
from psycopg.errors import FeatureNotSupported, InvalidSqlStatementName, error_from_result
from psycopg.pq import ExecStatus, TransactionStatus
from psycopg.pq.abc import PGresult

from postgres.backend import savepoints
from postgres.backend.base import DatabaseWrapper

Row = TypeVar("Row", bound=tuple[Any, ...])

_NAME = re.compile(r"%\((\w+)\)s")
_PLANS = "_inframind_plans"


@dataclass(slots=True)
class _Plans:
    """The statements that one connection has prepared, and how it converts values."""

    transformer: abc.Transformer
    names: dict[Prepared[Any], bytes] = field(default_factory=dict)
    # Grows when names are forgotten too, so that a name is used once per connection.
    counter: int = 0


class Prepared(Generic[Row]):
    """One statement with values named like %(this)s, whose types the server infers.

    Rows are plain tuples, or instances of the NamedTuple `row`, whose fields are named as the statement's columns.
    """

    @overload
    def __init__(self: Prepared[tuple[Any, ...]], sql: str) -> None: ...
    @overload
    def __init__(self: Prepared[Row], sql: str, row: type[Row]) -> None: ...
    def __init__(self, sql: str, row: type[Any] = tuple) -> None:
        # Text and names of values in turn.
        self._parts = _NAME.split(sql)
        self.values = list(dict.fromkeys(self._parts[1::2]))
        numbers = {name: f"${number}" for number, name in enumerate(self.values, 1)}
        self.sql = _NAME.sub(lambda match: numbers[match[1]], sql)
        # Derived from the text, so that behind a pooler a name cannot belong to another statement.
        self.name = "inframind_" + sha256(self.sql.encode()).hexdigest()[:12]
        self._columns: tuple[str, ...] = getattr(row, "_fields", ())
        self._make_row: Callable[[Sequence[Any]], Any] = getattr(row, "_make", row)

    def row(self, **values: Any) -> Row | None:
        """Run the statement and return its first row. Raises what a Django cursor raises."""
        return next(iter(self._run(values, last=False)), None)

    def rows(self, **values: Any) -> list[Row]:
        """Run the statement and return all its rows. Raises what a Django cursor raises."""
        return self._run(values, last=False)

    def last_row(self, **values: Any) -> Row | None:
        """Run the statement as the last one of the innermost `atomic` block.

        If that is the outermost block too, COMMIT is sent with the statement, and a further statement in the block
        raises TransactionManagementError.
        """
        return next(iter(self._run(values, last=True)), None)

    def _run(self, values: Mapping[str, Any], *, last: bool) -> list[Row]:
        database = cast(DatabaseWrapper, connections[DEFAULT_DB_ALIAS])
        database.ensure_connection()
        database.validate_no_broken_transaction()
        database.check_no_batch()
        connection = database.connection
        with database.wrap_database_errors:
            plans = _plans_of(connection)
            literals = {name: plans.transformer.as_literal(values[name]) for name in self.values}
            text = self._text(connection, plans, literals)
            text = b";".join([*savepoints.take(connection), text])
            if not connection.autocommit and connection.pgconn.transaction_status == TransactionStatus.IDLE:
                text = b"BEGIN;" + text
            last = last and database.in_atomic_block and not database.savepoint_ids
            try:
                return self._rows(_send(connection, text + b";COMMIT" if last else text), plans)
            except (InvalidSqlStatementName, FeatureNotSupported):
                # The server forgot the plans, or a migration changed a column's type: the next call prepares them.
                plans.names.clear()
                raise
            finally:
                if last and connection.pgconn.transaction_status == TransactionStatus.IDLE:
                    database.ended_by_statement = True

    def _text(
        self, connection: psycopg.Connection[Any], plans: _Plans, literals: Mapping[str, abc.Buffer]
    ) -> bytes:
        if not settings.INFRAMIND_PREPARED_STATEMENTS:
            return b"".join(
                [literals[part] if n % 2 else part.encode() for n, part in enumerate(self._parts)]
            )
        text = b"EXECUTE " + self._prepare(connection, plans)
        return text + b" (" + b",".join(literals.values()) + b")" if literals else text

    def _prepare(self, connection: psycopg.Connection[Any], plans: _Plans) -> bytes:
        """The name of the statement in this session, prepared at its first use."""
        name = plans.names.get(self)
        if name is None:
            plans.counter += 1
            name = b"%s_%d" % (self.name.encode(), plans.counter)
            connection.execute(b"PREPARE " + name + b" AS " + self.sql.encode())
            plans.names[self] = name
        return name

    def _rows(self, result: PGresult, plans: _Plans) -> list[Row]:
        if self._columns:
            names = tuple((result.fname(place) or b"").decode() for place in range(result.nfields))
            if names != self._columns:
                raise TypeError(f"the columns of the statement are {names}, those of its row {self._columns}")
            self._columns = ()
        plans.transformer.set_pgresult(result)
        rows: list[Row] = plans.transformer.load_rows(0, result.ntuples, self._make_row)
        return rows


def _plans_of(connection: psycopg.Connection[Any]) -> _Plans:
    """Stored on the connection object itself, since a pool passes connections between threads."""
    attributes = vars(connection)
    if _PLANS not in attributes:
        attributes[_PLANS] = _Plans(Transformer(connection))
    plans: _Plans = attributes[_PLANS]
    return plans


def _send(connection: psycopg.Connection[Any], text: bytes) -> PGresult:
    """The rows of the one statement in `text` that returns rows. Raises the error of the first one that fails."""
    with connection.lock:
        connection.pgconn.send_query(text)
        results = connection.wait(generators.execute(connection.pgconn))
    if results[-1].status == ExecStatus.FATAL_ERROR:
        raise error_from_result(results[-1], encoding=connection.info.encoding)
    rows: PGresult = next(result for result in results if result.status == ExecStatus.TUPLES_OK)
    return rows
