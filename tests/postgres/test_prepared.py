"""Statements that are sent together with the BEGIN and COMMIT around them."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, NamedTuple

import psycopg
import pytest
from django.db import DataError, IntegrityError, NotSupportedError, ProgrammingError, connection, transaction

from ledger import accounts
from ledger.models import Account
from postgres.prepared import Prepared
from tests.owner import as_owner

pytestmark = pytest.mark.django_db(transaction=True)

WALLET, OTHER = accounts.wallet("0x" + "a1" * 20), accounts.wallet("0x" + "a2" * 20)
OPEN = Prepared("INSERT INTO ledger_account (name) VALUES (%(name)s) RETURNING name")
POST_ONE_SIDE = Prepared(
    "INSERT INTO ledger_transaction (kind, reference, actor, at, epoch)"
    " VALUES ('bench', '', '', %(at)s, 1) RETURNING id"
)


@pytest.fixture(params=["prepared", "in the text"], autouse=True)
def mode(request: pytest.FixtureRequest, settings: Any) -> str:
    """Every test of this module runs with and without server-side prepared statements."""
    settings.INFRAMIND_PREPARED_STATEMENTS = request.param == "prepared"
    return str(request.param)


def seen_by_others(name: str = WALLET) -> bool:
    with psycopg.connect(**connection.get_connection_params()) as other:
        row = other.execute("SELECT count(*) FROM ledger_account WHERE name = %s", [name]).fetchone()
        assert row is not None
        return bool(row[0])


def test_values_are_returned_unchanged() -> None:
    echo = Prepared("SELECT %(text)s::text, %(wide)s::numeric, %(at)s::timestamptz, %(none)s::integer")
    text = "it's \\' \"$1\" %(text)s; DROP TABLE staking_node --\n☂"
    at = datetime(2026, 3, 1, 12, 0, 0, 5, UTC)
    assert echo.row(text=text, wide=-(10**37), at=at, none=None) == (text, -(10**37), at, None)


def test_a_value_may_be_used_twice() -> None:
    twice = Prepared("SELECT %(one)s::integer + %(two)s::integer - %(one)s::integer")
    assert twice.row(one=40, two=-2) == (-2,)


def test_a_statement_without_rows_returns_none() -> None:
    assert Prepared("SELECT name FROM ledger_account WHERE name = %(name)s").row(name="none") is None


def test_a_text_with_a_nul_is_refused() -> None:
    with pytest.raises(DataError):
        OPEN.row(name="wallet:\0")


class Pair(NamedTuple):
    first: int
    second: str


def test_a_row_has_the_names_of_its_columns() -> None:
    row = Prepared("SELECT 1 AS first, 'b' AS second", Pair).row()
    assert row == Pair(1, "b")
    assert row.second == "b"


@pytest.mark.parametrize("columns", ["1 AS second, 'b' AS first", "1 AS first", "1 AS first, 2 AS third"])
def test_a_row_with_other_columns_than_the_statement_is_refused(columns: str) -> None:
    statement = Prepared(f"SELECT {columns}", Pair)
    with pytest.raises(TypeError, match="those of its row"):
        statement.row()


def test_the_last_statement_commits_the_outermost_transaction() -> None:
    with transaction.atomic():
        assert OPEN.last_row(name=WALLET) == (WALLET,)
        assert seen_by_others()
    assert Account.objects.filter(name=WALLET).exists()


def test_any_other_statement_is_committed_with_its_transaction() -> None:
    with transaction.atomic():
        OPEN.row(name=WALLET)
        assert not seen_by_others()
    assert seen_by_others()


def test_the_last_statement_of_an_inner_block_is_committed_with_the_outer_one() -> None:
    with transaction.atomic():
        with transaction.atomic():
            OPEN.last_row(name=WALLET)
        assert not seen_by_others()
        OPEN.row(name=OTHER)
        transaction.set_rollback(True)
    assert Account.objects.count() == 0


def test_callbacks_for_the_commit_run_after_the_last_statement() -> None:
    calls: list[bool] = []
    with transaction.atomic():
        transaction.on_commit(lambda: calls.append(Account.objects.filter(name=WALLET).exists()))
        OPEN.last_row(name=WALLET)
    assert calls == [True]


@transaction.atomic
def open_twice() -> None:
    OPEN.row(name=WALLET)
    OPEN.last_row(name=WALLET)


def test_earlier_statements_are_undone_when_the_last_one_is_refused() -> None:
    with pytest.raises(IntegrityError) as refused:
        open_twice()
    assert refused.value.__cause__.diag.constraint_name == "ledger_account_unique_name"
    assert not seen_by_others()
    assert OPEN.row(name=WALLET) == (WALLET,)


@transaction.atomic
def post_one_side() -> None:
    OPEN.row(name=WALLET)
    POST_ONE_SIDE.last_row(at=datetime(2026, 3, 1, tzinfo=UTC))


def test_an_error_at_commit_is_raised_and_undoes_everything() -> None:
    with pytest.raises(IntegrityError) as refused:
        post_one_side()
    assert refused.value.__cause__.diag.constraint_name == "ledger_transaction_balanced"
    assert not seen_by_others()


def test_plans_that_the_server_forgot_are_prepared_again(mode: str) -> None:
    OPEN.row(name=WALLET)
    with connection.cursor() as cursor:
        cursor.execute("DEALLOCATE ALL")
    if mode == "prepared":
        with pytest.raises(ProgrammingError):
            OPEN.row(name=OTHER)
    assert OPEN.row(name=OTHER) == (OTHER,)


def test_plans_that_a_migration_outdated_are_prepared_again(mode: str) -> None:
    """A column gets a wider type while the connection is open: the server refuses its old plan."""
    statement = Prepared("SELECT * FROM toy")
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("CREATE TABLE toy AS SELECT 1::integer AS number")
        try:
            assert statement.row() == (1,)
            cursor.execute("ALTER TABLE toy ALTER number TYPE numeric(30, 1)")
            if mode == "prepared":
                with pytest.raises(NotSupportedError):
                    statement.row()
            assert statement.row() == (Decimal("1.0"),)
        finally:
            cursor.execute("DROP TABLE toy")


def names_prepared(*statements: Prepared[Any]) -> dict[str, str]:
    connection.close()
    for statement in statements:
        statement.row()
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, statement FROM pg_prepared_statements WHERE name LIKE 'inframind%'")
        return dict(cursor.fetchall())


def test_a_name_belongs_to_one_statement(mode: str) -> None:
    """Two clients prepare in different order, as behind a pooler that gives them each other's sessions."""
    one, two = Prepared("SELECT 1"), Prepared("SELECT 2")
    first, second = names_prepared(one, two), names_prepared(two, one)
    assert (len(first), len(second)) == ((2, 2) if mode == "prepared" else (0, 0))
    assert all(first[name] == second[name] for name in first.keys() & second.keys())
