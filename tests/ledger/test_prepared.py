"""Statements that travel with the BEGIN and COMMIT around them."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import psycopg
import pytest
from django.db import (
    DataError,
    IntegrityError,
    NotSupportedError,
    ProgrammingError,
    connection,
    transaction,
)

from ledger import accounts
from ledger.models import Account
from postgres.prepared import Prepared

pytestmark = pytest.mark.django_db(transaction=True)

WALLET = accounts.wallet("0x" + "a1" * 20)
OPEN = Prepared("INSERT INTO ledger_account (name) VALUES (%(name)s) RETURNING name")
POST_ONE_SIDE = Prepared(
    "INSERT INTO ledger_transaction (kind, reference, actor, at, epoch)"
    " VALUES ('bench', '', '', %(at)s, 1) RETURNING id"
)


def seen_by_others() -> bool:
    with psycopg.connect(**connection.get_connection_params()) as other:
        return bool(
            other.execute("SELECT count(*) FROM ledger_account WHERE name = %s", [WALLET]).fetchone()[0]
        )


def test_values_come_back_as_they_were_given() -> None:
    echo = Prepared("SELECT %(text)s::text, %(wide)s::numeric, %(at)s::timestamptz, %(none)s::integer")
    text, at = (
        "it's \\' \"$1\" %(text)s; DROP TABLE staking_node --\n☂",
        datetime(2026, 3, 1, 12, 0, 0, 5, UTC),
    )
    assert echo.row(text=text, wide=-(10**37), at=at, none=None) == (text, -(10**37), at, None)


def test_no_row_is_none() -> None:
    assert Prepared("SELECT name FROM ledger_account WHERE name = %(name)s").row(name="none") is None


def test_a_text_with_a_nul_is_refused() -> None:
    with pytest.raises(DataError):
        OPEN.row(name="wallet:\0")


def test_the_last_statement_commits_the_outermost_transaction() -> None:
    with transaction.atomic():
        assert OPEN.last_row(name=WALLET) == (WALLET,)
        assert seen_by_others()
    assert Account.objects.filter(name=WALLET).exists()


def test_any_other_statement_waits_for_the_end_of_its_transaction() -> None:
    with transaction.atomic():
        OPEN.row(name=WALLET)
        assert not seen_by_others()
    assert seen_by_others()


def test_the_last_statement_of_an_inner_transaction_goes_with_the_outer_one() -> None:
    with transaction.atomic():
        with transaction.atomic():
            OPEN.last_row(name=WALLET)
        assert not seen_by_others()
        transaction.set_rollback(True)
    assert not Account.objects.filter(name=WALLET).exists()


@transaction.atomic
def open_twice() -> None:
    OPEN.row(name=WALLET)
    OPEN.last_row(name=WALLET)


def test_what_runs_before_it_is_undone_with_it() -> None:
    with pytest.raises(IntegrityError) as refused:
        open_twice()
    assert refused.value.__cause__.diag.constraint_name == "ledger_account_unique_name"
    assert not seen_by_others()
    assert OPEN.row(name=WALLET) == (WALLET,)


@transaction.atomic
def post_one_side() -> None:
    OPEN.row(name=WALLET)
    POST_ONE_SIDE.last_row(at=datetime(2026, 3, 1, tzinfo=UTC))


def test_a_refusal_at_commit_is_raised_and_nothing_is_kept() -> None:
    with pytest.raises(IntegrityError) as refused:
        post_one_side()
    assert refused.value.__cause__.diag.constraint_name == "ledger_transaction_balanced"
    assert not seen_by_others()


def test_plans_that_the_server_forgot_are_made_anew() -> None:
    OPEN.row(name=WALLET)
    with connection.cursor() as cursor:
        cursor.execute("DEALLOCATE ALL")
    other = accounts.wallet("0x" + "a2" * 20)
    with pytest.raises(ProgrammingError):
        OPEN.row(name=other)
    assert OPEN.row(name=other) == (other,)


def test_plans_that_a_migration_outdated_are_made_anew() -> None:
    """A column gets a wider type while the connection lives: the server refuses the plan it kept."""
    seen = Prepared("SELECT * FROM toy")
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE toy AS SELECT 1::integer AS number")
        try:
            assert seen.row() == (1,)
            cursor.execute("ALTER TABLE toy ALTER number TYPE numeric(30, 1)")
            with pytest.raises(NotSupportedError):
                seen.row()
            assert seen.row() == (Decimal("1.0"),)
        finally:
            cursor.execute("DROP TABLE toy")


def names_planned(*statements: Prepared) -> dict[str, str]:
    connection.close()
    for statement in statements:
        statement.row()
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, statement FROM pg_prepared_statements WHERE name LIKE 'inframind%'")
        return dict(cursor.fetchall())


def test_a_name_is_never_another_statements() -> None:
    """Two clients plan in different order, as behind a pooler that gives them each other's sessions."""
    one, two = Prepared("SELECT 1"), Prepared("SELECT 2")
    first, second = names_planned(one, two), names_planned(two, one)
    assert (len(first), len(second)) == (2, 2)
    assert all(first[name] == second[name] for name in first.keys() & second.keys())
