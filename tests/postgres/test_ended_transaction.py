"""After `last_row` has committed the transaction, a further statement in the same atomic block is refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.transaction import TransactionManagementError

from ledger.models import Account
from postgres import binary_copy
from tests.postgres.test_prepared import OPEN, OTHER, POST_ONE_SIDE, WALLET, seen_by_others

pytestmark = pytest.mark.django_db(transaction=True)


def copy_rows() -> None:
    binary_copy.copy_in("COPY ledger_account (name) FROM STDIN (FORMAT BINARY)", [])


def nested_block() -> None:
    with transaction.atomic():
        pass


FOLLOWING: dict[str, Callable[[], Any]] = {
    "a prepared statement": lambda: OPEN.row(name=OTHER),
    "a second last statement": lambda: OPEN.last_row(name=OTHER),
    "a query of the ORM": lambda: Account.objects.create(name=OTHER),
    "a cursor": lambda: connection.cursor().execute("SELECT 1"),
    "a binary array": lambda: binary_copy.execute("SELECT 1", {}),
    "a COPY": copy_rows,
    "a nested block": nested_block,
}


@pytest.mark.parametrize("follow", FOLLOWING.values(), ids=FOLLOWING)
def test_a_statement_after_the_last_one_is_refused(follow: Callable[[], Any]) -> None:
    def act() -> None:
        with transaction.atomic():
            OPEN.last_row(name=WALLET)
            follow()

    with pytest.raises(TransactionManagementError, match="last_row has committed"):
        act()
    assert (seen_by_others(), seen_by_others(OTHER)) == (True, False)


def test_a_cursor_that_was_made_before_the_last_statement_is_refused_too() -> None:
    with transaction.atomic():
        cursor = connection.cursor()
        OPEN.last_row(name=WALLET)
        with pytest.raises(TransactionManagementError):
            cursor.execute("SELECT 1")


def test_a_statement_after_an_error_at_commit_is_refused() -> None:
    with transaction.atomic():
        with pytest.raises(IntegrityError):
            POST_ONE_SIDE.last_row(at=datetime(2026, 3, 1, tzinfo=UTC))
        with pytest.raises(TransactionManagementError):
            OPEN.row(name=WALLET)
        transaction.set_rollback(True)
    assert Account.objects.count() == 0


def test_the_next_transaction_is_not_affected() -> None:
    def act() -> None:
        with transaction.atomic():
            OPEN.last_row(name=WALLET)
            Account.objects.count()

    with pytest.raises(TransactionManagementError):
        act()
    assert Account.objects.count() == 1
    with transaction.atomic():
        OPEN.last_row(name=OTHER)
    assert Account.objects.count() == 2


def test_outside_a_block_the_last_statement_is_like_any_other() -> None:
    OPEN.last_row(name=WALLET)
    OPEN.last_row(name=OTHER)
    assert Account.objects.count() == 2


def test_a_failure_after_the_last_statement_is_logged_since_its_changes_stay(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def act() -> None:
        with transaction.atomic():
            OPEN.last_row(name=WALLET)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        act()
    assert seen_by_others()
    assert ["its changes stay" in record.message for record in caplog.records] == [True]
