"""Statements of the busiest path: planned once for each connection, and one trip to the server each.

For the few statements that every money operation runs. All else goes through the ORM or a plain cursor. A cursor
sends BEGIN by itself before the first statement of a transaction, and Django COMMIT after the last: under load these
trips are a quarter of what an operation costs, so here they travel with the statement.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import psycopg
from django.db import DEFAULT_DB_ALIAS, connections
from psycopg import abc, generators
from psycopg.adapt import Transformer
from psycopg.errors import FeatureNotSupported, InvalidSqlStatementName, error_from_result
from psycopg.pq import ExecStatus, TransactionStatus

_NAME = re.compile(r"%\((\w+)\)s")
_KEPT = "_inframind_plans"


@dataclass(slots=True)
class _Plans:
    """What one connection has planned, and how it writes and reads values."""

    adapt: abc.Transformer
    names: dict[Prepared, bytes] = field(default_factory=dict)
    # Counts on when a name is given up, so that no name is ever given twice.
    given: int = 0


class Prepared:
    """One statement with values named like %(this)s; the server infers their types from where they stand."""

    def __init__(self, sql: str) -> None:
        self.values = list(dict.fromkeys(_NAME.findall(sql)))
        places = {name: f"${place}" for place, name in enumerate(self.values, 1)}
        self.sql = _NAME.sub(lambda found: places[found[1]], sql)
        # Told by the text, so that behind a pooler that mixes its clients' plans a name is never another statement's.
        self.name = "inframind_" + sha256(self.sql.encode()).hexdigest()[:12]

    def row(self, **values: Any) -> tuple[Any, ...] | None:
        """Run it and answer with its first row. Raises what a Django cursor raises."""
        return self._run(values, last=False)

    def last_row(self, **values: Any) -> tuple[Any, ...] | None:
        """`row` as the last statement of the innermost `atomic`: where that is the outermost one too, it is committed
        in the same trip. Whatever ran after it in there would be a transaction of its own.
        """
        return self._run(values, last=True)

    def _run(self, values: Mapping[str, Any], *, last: bool) -> tuple[Any, ...] | None:
        database = connections[DEFAULT_DB_ALIAS]
        database.ensure_connection()
        database.validate_no_broken_transaction()
        connection = database.connection
        with database.wrap_database_errors:
            plans = _plans_of(connection)
            given = [plans.adapt.as_literal(values[name]) for name in self.values]
            text = b"EXECUTE " + self._planned(connection, plans)
            if given:
                text += b" (" + b",".join(given) + b")"
            if not connection.autocommit and connection.pgconn.transaction_status == TransactionStatus.IDLE:
                text = b"BEGIN;" + text
            if last and database.in_atomic_block and not database.savepoint_ids:
                text += b";COMMIT"
            try:
                return _first_row(connection, plans.adapt, text)
            except (InvalidSqlStatementName, FeatureNotSupported):
                # The server forgot its plans, or a migration changed what one brings: the next try makes them anew.
                plans.names.clear()
                raise

    def _planned(self, connection: psycopg.Connection[Any], plans: _Plans) -> bytes:
        name = plans.names.get(self)
        if name is None:
            plans.given += 1
            name = b"%s_%d" % (self.name.encode(), plans.given)
            connection.execute(b"PREPARE " + name + b" AS " + self.sql.encode())
            plans.names[self] = name
        return name


def _plans_of(connection: psycopg.Connection[Any]) -> _Plans:
    """Kept with the connection itself, which goes from hand to hand in a pool and takes its plans along."""
    kept = vars(connection)
    if _KEPT not in kept:
        kept[_KEPT] = _Plans(Transformer(connection))
    plans: _Plans = kept[_KEPT]
    return plans


def _first_row(
    connection: psycopg.Connection[Any], adapt: abc.Transformer, text: bytes
) -> tuple[Any, ...] | None:
    """The first row that statements sent together bring. Raises what the first of them that fails raises."""
    with connection.lock:
        connection.pgconn.send_query(text)
        results = connection.wait(generators.execute(connection.pgconn))
    if results[-1].status == ExecStatus.FATAL_ERROR:
        raise error_from_result(results[-1], encoding=connection.info.encoding)
    found = next(result for result in results if result.status == ExecStatus.TUPLES_OK)
    if not found.ntuples:
        return None
    adapt.set_pgresult(found)
    row: tuple[Any, ...] = adapt.load_row(0, tuple)
    return row
