"""A ledger transaction in the API and on its page: entries, owners, number and place in the journal."""

from __future__ import annotations

import re
from hashlib import sha256
from json import dumps
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from ledger.models import Transaction
from protocol.addresses import checksum
from protocol.times import UNIX, unix_ms
from tests.network import Network, node_address, operator, wallet
from tests.shared_rows import shared
from web import page_cache

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_pages() -> None:
    page_cache.clear()


@shared
def net() -> Network:
    """A node with own stake and a delegation of 10 IFM in a settled epoch."""
    net = Network()
    net.delegate(net.node(1, own=100), 1, 10)
    net.settle()
    return net


def api(path: str, status: int = 200) -> Any:
    answer = Client().get(f"/api/v1/ledger/transactions{path}")
    assert answer.status_code == status, answer.content
    return answer.json()


def id_of(kind: str) -> int:
    return Transaction.objects.filter(kind=kind).latest("id").pk


def page(number: int) -> str:
    answer = Client(HTTP_ACCEPT_ENCODING="identity").get(f"/transactions/{number}/")
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_transaction_has_a_number_and_its_neighbours_from_its_settlement_on(net: Network) -> None:
    posted = id_of("delegate")
    row = api(f"/{posted}")
    numbers = {one["id"]: one["number"] for one in api("")["results"]}
    assert sorted(numbers.values()) == list(range(1, Transaction.objects.count() + 1))
    assert row["number"] == numbers[posted]
    assert (numbers[row["before"]], numbers[row["after"]]) == (row["number"] - 1, row["number"] + 1)
    assert row["former_hash"] == api(f"/{row['before']}")["hash"]
    assert row["entries"] == [
        {"account": f"pool:{checksum(node_address(1))}", "amount": "10.000000"},
        {"account": f"wallet:{checksum(wallet(1))}", "amount": "-10.000000"},
    ]
    net.delegate(node_address(1), 1, 5)
    last = api(f"/{id_of('delegate')}")
    assert [last[name] for name in ("number", "hash", "former_hash", "before", "after")] == [None] * 5


def test_the_hash_can_be_recomputed_from_the_answer(net: Network) -> None:
    row = api(f"/{id_of('delegate')}")
    posted = Transaction.objects.get(id=row["id"])
    at = unix_ms(posted.at) * 1_000 + posted.at.microsecond % 1_000
    assert at == (posted.at - UNIX).total_seconds() * 1_000_000
    entries = [[entry["account"].lower(), int(entry["amount"].replace(".", ""))] for entry in row["entries"]]
    content = [row[name] for name in ("id", "kind", "reference", "actor", "key")]
    content[2:4] = [content[2].lower(), content[3].lower()]
    text = dumps([*content, at, row["epoch"], entries], ensure_ascii=False)
    assert row["hash"] == "0x" + sha256(bytes.fromhex(row["former_hash"][2:]) + text.encode()).hexdigest()


def test_the_first_transaction_follows_32_zero_bytes_and_the_last_is_the_head_of_its_epoch(
    net: Network,
) -> None:
    first, last = (
        api(f"/{Transaction.objects.earliest('id').pk}"),
        api(f"/{Transaction.objects.latest('id').pk}"),
    )
    assert (first["number"], first["former_hash"], first["before"]) == (1, "0x" + "00" * 32, None)
    epoch = Client().get("/api/v1/epochs/1").json()
    assert (epoch["journal_last"], epoch["journal_hash"]) == (last["number"], last["hash"])
    assert last["after"] is None
    open_epoch = Client().get("/api/v1/epochs/2").json()
    assert (open_epoch["journal_last"], open_epoch["journal_hash"]) == (None, None)


@pytest.mark.parametrize("number", [0, 10**6, 2**63, 10**30])
def test_an_unknown_transaction_is_not_found(net: Network, number: int) -> None:
    assert api(f"/{number}", 404)["code"] == "not_found"
    assert Client().get(f"/transactions/{number}/").status_code == 404


def test_the_page_links_entries_to_their_owners(net: Network) -> None:
    posted = id_of("delegate")
    text, row = page(posted), api(f"/{posted}")
    assert f'href="/nodes/{checksum(node_address(1))}/"' in text
    assert f'href="/wallets/{checksum(wallet(1))}/"' in text
    assert f'href="/transactions/{row["before"]}/"' in text
    assert f'href="/transactions/{row["after"]}/"' in text
    assert row["hash"] in text
    assert row["former_hash"] in text
    assert "Delegated" in text


def account(name: str, status: int = 200, **query: object) -> str:
    answer = Client(HTTP_ACCEPT_ENCODING="identity").get(f"/accounts/{name}/", query)
    assert answer.status_code == status
    return answer.content.decode()


def test_accounts_are_named_in_the_reader_s_language(net: Network) -> None:
    answer = Client(headers={"Accept-Language": "de"}).get(f"/transactions/{id_of('mint')}/")
    text = answer.content.decode()
    assert ">Ausgabe</a>" in text
    assert ">Belohnungspool</a>" in text
    assert "reward pool" not in text


def test_an_entry_leads_to_its_account_with_balance_other_side_and_owner(net: Network) -> None:
    posted, pool = id_of("delegate"), f"pool:{checksum(node_address(1))}"
    assert f'href="/accounts/{pool}/"' in page(posted)
    text = account(pool)
    assert "The bonded IFM that wallets delegate to a node." in text
    assert "10.00" in text
    assert "+10.000000" in text
    assert f'href="/transactions/{posted}/"' in text
    assert f'href="/accounts/wallet:{checksum(wallet(1))}/"' in text
    assert f'href="/nodes/{checksum(node_address(1))}/"' in text


def test_an_account_in_small_letters_leads_to_its_page_and_an_impossible_one_is_not_found(
    net: Network,
) -> None:
    answer = Client().get(f"/accounts/pool:{node_address(1)}/")
    assert answer["Location"] == f"/accounts/pool:{checksum(node_address(1))}/"
    assert "This account has no entry." in account("exits")
    account("pool:0x12", 404)
    account("profits", 404)
    account("burned", 400, before="x")


def test_pages_of_an_account_stay_as_they_are_while_entries_come(net: Network) -> None:
    name = f"pool:{checksum(node_address(1))}"
    for _ in range(55):
        net.delegate(node_address(1), 1, 1)
    first = account(name)
    older = re.search(r'href="\?before=([0-9]+)"', first)
    assert older is not None
    assert first.count("<tr>") == 51
    second = account(name, before=older[1])
    listed = re.findall(r"/transactions/([0-9]+)/", second)
    net.delegate(node_address(1), 1, 1)
    assert re.findall(r"/transactions/([0-9]+)/", account(name, before=older[1])) == listed
    assert second.count("<tr>") == 7
    assert 'href="?before=' not in second
    assert f'href="/accounts/{name}/"' in second


def test_an_account_s_page_takes_the_same_queries_whatever_its_entries(net: Network) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            account("reward_pool")
        return len(captured)

    account("reward_pool")
    few = queries()
    net.settle()
    net.settle()
    assert queries() == few


def test_the_page_says_when_the_number_comes(net: Network) -> None:
    net.fund(operator(1), 5)
    net.stake(node_address(1), 5)
    text = page(id_of("stake"))
    assert "It gets its number when epoch 2 is settled." in text
    assert f'href="/wallets/{checksum(operator(1))}/"' in text


def test_long_transactions_are_cut_in_pages(net: Network) -> None:
    for number in range(2, 62):
        net.work(net.node(number, own=1))
    net.settle()
    rewards = id_of("rewards")
    assert page(rewards).count("<tr>") == 51
    answer = Client().get(f"/transactions/{rewards}/", {"page": 2})
    assert answer.content.decode().count("<tr>") == 12


def test_statement_epoch_and_reference_lead_to_the_page_and_back(net: Network) -> None:
    posted = id_of("delegate")
    statement = Client().get(f"/wallets/{wallet(1)}/statement/").content.decode()
    assert f'href="/transactions/{posted}/"' in statement
    assert 'href="/epochs/1/"' in page(id_of("mint"))
    report = Client().get("/epochs/1/").content.decode()
    assert api(f"/{Transaction.objects.latest('id').pk}")["hash"] in report


def test_a_number_of_the_journal_leads_to_its_transaction_and_not_to_the_one_with_that_id(
    net: Network,
) -> None:
    # A rolled back transaction leaves a gap in the ids.
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('ledger_transaction', 'id'))")
    net.delegate(node_address(1), 1, 5)
    net.settle()
    posted = id_of("delegate")
    number = api(f"/{posted}")["number"]
    assert number != posted
    assert Client().get(f"/journal/{number}/")["Location"] == f"/transactions/{posted}/"
    assert f'href="/journal/{number}/"' in page(posted)
    report = Client(HTTP_ACCEPT_ENCODING="identity").get("/epochs/2/").content.decode()
    last = Client().get("/api/v1/epochs/2").json()["journal_last"]
    assert f'href="/journal/{last}/"' in report


@pytest.mark.parametrize("number", [0, 10**6, 2**63, 10**30])
def test_a_number_that_is_not_written_is_not_found(net: Network, number: int) -> None:
    assert Client().get(f"/journal/{number}/").status_code == 404


def test_the_page_costs_as_many_queries_for_many_entries(net: Network) -> None:
    page(id_of("delegate"))
    with CaptureQueriesContext(connection) as few:
        page(id_of("delegate"))
    for number in range(2, 30):
        net.work(net.node(number, own=1))
    net.settle()
    page(id_of("rewards"))
    with CaptureQueriesContext(connection) as many:
        page(id_of("rewards"))
    assert len(many) == len(few) <= 12
