"""The ledger through `post` and, as an attacker would, through raw SQL."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction

from ledger import accounts, selectors
from ledger.models import Entry, Transaction
from ledger.posting import post
from protocol.errors import IdempotencyConflict, InsufficientBalance
from tests.ledger.entries import entries_sum
from tests.owner import as_owner

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ALICE = accounts.wallet("0x" + "a1" * 20)
BOB = accounts.wallet("0x" + "b0" * 20)

pytestmark = pytest.mark.django_db(transaction=True)


def move(amount: int, source: str = accounts.ISSUANCE, target: str = ALICE, **more: object) -> int:
    return post(kind="test", moves={source: -amount, target: amount}, at=NOW, epoch=1, **more)  # type: ignore[arg-type]


def run(sql: str, params: list[object] | None = None) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, params)


def test_a_posting_moves_exactly_what_it_says() -> None:
    posted = move(100)
    move(40, ALICE, BOB)
    assert selectors.balances([accounts.ISSUANCE, ALICE, BOB]) == {
        accounts.ISSUANCE: -100,
        ALICE: 60,
        BOB: 40,
    }
    assert selectors.supply() == 100
    entries = Entry.objects.filter(transaction_id=posted).order_by("amount")
    assert [(entry.account.name, entry.amount) for entry in entries] == [
        (accounts.ISSUANCE, -100),
        (ALICE, 100),
    ]


def test_an_account_without_entries_holds_nothing() -> None:
    assert selectors.balance(BOB) == 0


def test_overdraft_is_refused_and_changes_nothing() -> None:
    move(100)
    with pytest.raises(InsufficientBalance):
        move(101, ALICE, BOB)
    assert selectors.balances([ALICE, BOB]) == {ALICE: 100, BOB: 0}
    assert Transaction.objects.count() == 1


def test_unbalanced_moves_never_reach_the_database() -> None:
    with pytest.raises(ValueError, match="do not balance"):
        post(kind="test", moves={accounts.ISSUANCE: -1, ALICE: 2}, at=NOW, epoch=1)


def test_the_same_key_posts_once_and_answers_alike() -> None:
    assert move(5, key="k", reference="r") == move(5, key="k", reference="r")
    assert selectors.balance(ALICE) == 5


def test_a_key_of_another_posting_is_a_conflict() -> None:
    move(5, key="k", reference="r")
    with pytest.raises(IdempotencyConflict):
        move(5, key="k", reference="other")
    assert selectors.balance(ALICE) == 5


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE ledger_entry SET amount = amount + 1",
        "DELETE FROM ledger_entry",
        "UPDATE ledger_transaction SET kind = 'x'",
        "DELETE FROM ledger_transaction",
        "UPDATE ledger_account SET balance = balance + 1",
        "UPDATE ledger_account SET name = 'treasury' WHERE name = 'issuance'",
        "DELETE FROM ledger_account",
        "INSERT INTO ledger_account (name, balance) VALUES ('treasury', 5)",
        "INSERT INTO ledger_account (name) VALUES ('wallet:nobody')",
        "SET LOCAL inframind.allow_truncate = 'off'; TRUNCATE ledger_entry",
        "SET LOCAL inframind.allow_truncate = 'off'; TRUNCATE ledger_transaction CASCADE",
        "INSERT INTO ledger_entry (transaction_id, account_id, amount)"
        " SELECT t.id, a.id, 1 FROM ledger_transaction t, ledger_account a",
    ],
)
def test_raw_sql_cannot_change_what_was_posted(sql: str) -> None:
    """Neither the application's role nor the owner of the tables."""
    move(100)
    with pytest.raises((IntegrityError, ProgrammingError)):
        run(sql)
    with as_owner(), pytest.raises(IntegrityError):
        run(sql)
    assert selectors.balance(ALICE) == entries_sum(ALICE) == 100


def test_an_unbalanced_transaction_fails_at_commit_whoever_writes_it() -> None:
    move(100)
    with pytest.raises(IntegrityError, match="not balanced"):
        run(
            "WITH t AS (INSERT INTO ledger_transaction (kind, reference, actor, at, epoch)"
            " VALUES ('theft', '', '', now(), 1) RETURNING id)"
            " INSERT INTO ledger_entry (transaction_id, account_id, amount)"
            " SELECT t.id, a.id, 7 FROM t, ledger_account a WHERE a.name = %s",
            [ALICE],
        )
    assert selectors.balance(ALICE) == 100


def test_a_transaction_without_entries_fails_at_commit() -> None:
    with pytest.raises(IntegrityError, match="not balanced"):
        run(
            "INSERT INTO ledger_transaction (kind, reference, actor, at, epoch) VALUES ('x', '', '', now(), 1)"
        )
