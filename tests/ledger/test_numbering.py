"""Numbers of the journal have no gaps, and their hashes are recomputed here from the entries alone."""

from __future__ import annotations

from hashlib import sha256
from json import dumps
from typing import Any

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction

from ledger import accounts
from ledger.models import Entry, JournalNumber, Transaction
from ledger.numbering import FIRST_HASH, journal_head, number_transactions
from ledger.posting import post
from protocol.times import UNIX
from staking.models import Epoch
from tests.network import Network, wallet
from tests.owner import as_owner

pytestmark = pytest.mark.django_db


def recomputed() -> list[tuple[int, int, bytes]]:
    """(number, id of the transaction, hash) of all transactions, in the order of their ids."""
    rows, former = [], FIRST_HASH
    for number, row in enumerate(Transaction.objects.order_by("id"), 1):
        entries = Entry.objects.filter(transaction=row).order_by("id").values_list("account__name", "amount")
        at = (row.at - UNIX).days * 86_400_000_000 + (row.at - UNIX).seconds * 1_000_000 + row.at.microsecond
        content: list[Any] = [row.pk, row.kind, row.reference, row.actor, row.key, at, row.epoch]
        text = dumps([*content, [list(entry) for entry in entries]], ensure_ascii=False)
        former = sha256(former + text.encode()).digest()
        rows.append((number, row.pk, former))
    return rows


def numbered() -> list[tuple[int, int, bytes]]:
    rows = JournalNumber.objects.order_by("number").values_list("number", "transaction_id", "hash")
    return [(number, id_, bytes(digest)) for number, id_, digest in rows]


def faucet(net: Network, reference: str, key: str | None = None) -> int:
    return post(
        kind="faucet",
        moves={accounts.ISSUANCE: -1, accounts.wallet(wallet(1)): 1},
        at=net.now,
        epoch=1,
        reference=reference,
        key=key,
    )


def test_each_settlement_numbers_the_transactions_since_the_former_one() -> None:
    net = Network()
    node = net.node(1, own=100)
    net.delegate(node, 1, 10)
    net.work(node)
    assert numbered() == []
    net.settle()
    first = recomputed()
    assert len(first) == Transaction.objects.filter(epoch=1).count() > 4
    assert numbered() == first
    net.claim_own(node)
    assert numbered() == first
    net.settle()
    assert numbered() == recomputed()
    heads = dict(Epoch.objects.filter(status="settled").values_list("journal_last", "journal_hash"))
    assert heads == {
        number: "0x" + digest.hex() for number, _, digest in (first[-1], recomputed()[-1])
    }  # fmt: skip


def test_a_gap_in_the_ids_is_none_in_the_numbers() -> None:
    net = Network()
    faucet(net, "kept")
    with transaction.atomic():
        gap = faucet(net, "rolled back")
        transaction.set_rollback(True)
    last = faucet(net, "kept too")
    assert last > gap
    number_transactions()
    assert [number for number, _, _ in numbered()] == [1, 2]
    assert numbered() == recomputed()


def test_texts_are_hashed_as_json() -> None:
    net = Network()
    faucet(net, 'quote " backslash \\ tab \t line \n ü 東 🙂 \x01 \x7f /', key="a key")
    number_transactions()
    assert numbered() == recomputed()


def test_numbering_without_new_transactions_changes_nothing() -> None:
    assert number_transactions() == (0, 0, FIRST_HASH)
    net = Network()
    faucet(net, "one")
    head = number_transactions()
    assert number_transactions() == head == journal_head() == numbered()[-1]
    assert journal_head(up_to=2) == (0, 0, FIRST_HASH)


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE ledger_journalnumber SET number = 7",
        "UPDATE ledger_journalnumber SET hash = sha256('')",
        "DELETE FROM ledger_journalnumber",
        "TRUNCATE ledger_journalnumber",
    ],
)
def test_a_number_is_written_once(sql: str) -> None:
    """Neither the application's role nor the owner of the tables can change it."""
    faucet(Network(), "one")
    number_transactions()
    before = numbered()
    with pytest.raises((IntegrityError, ProgrammingError)), transaction.atomic():
        connection.cursor().execute(sql)
    with as_owner(), pytest.raises(IntegrityError), transaction.atomic():
        connection.cursor().execute("SET LOCAL inframind.allow_truncate = off;" + sql)
    assert numbered() == before


def test_one_statement_numbers_any_number_of_transactions(django_assert_num_queries: Any) -> None:
    net = Network()
    for name in range(20):
        faucet(net, str(name))
    with django_assert_num_queries(3):
        number_transactions()
    assert len(numbered()) == 20
