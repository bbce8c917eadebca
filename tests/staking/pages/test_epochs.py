"""`/epochs/` and `/epochs/N/`: the settlement to the µIFM, and what is known before it."""

from __future__ import annotations

import csv
import io
import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from protocol.addresses import checksum
from staking.models import Epoch, NodeEpoch
from tests.network import Network, node_address
from tests.shared_rows import shared
from tests.staking.pages.reading import Markup
from web.formatting import amount_digits


def read(reader: Client, address: str) -> Markup:
    answer = reader.get(address)
    assert answer.status_code == 200, answer.status_code
    return Markup(answer.content.decode())


@shared
def settled(network: Network) -> Network:
    """Two settled epochs: in the second, three nodes share a pool that does not divide evenly."""
    for number in (1, 2, 3):
        network.node(number, own=1_000, name=f"Node {number}")
    network.delegate(node_address(1), 1, 500)
    network.settle()
    for number in (1, 2, 3):
        network.work(node_address(number), 12, credits=1_000_000 * number)
    network.settle()
    return network


def test_before_the_first_start_there_is_a_page(db: None, reader: Client) -> None:
    assert "Epochs" in read(reader, "/epochs/").text


def test_the_list_is_exact(settled: Network, reader: Client) -> None:
    text = read(reader, "/epochs/").text
    epoch = Epoch.objects.get(number=2)
    for amount in (epoch.pool, epoch.distributed, epoch.carry):
        assert amount_digits(amount, 6).replace(",", "") in text.replace(" ", "").replace(",", "")
    assert "Settled epochs 2" in text
    parts = re.findall(
        r"Operators ([0-9.]+)%, delegators ([0-9.]+)%", reader.get("/epochs/").content.decode()
    )
    assert parts
    assert all(round(float(own) + float(theirs), 1) == 100.0 for own, theirs in parts)
    assert "Epoch 3" in text


def test_a_report_adds_up_to_the_micro(settled: Network, reader: Client) -> None:
    markup = read(reader, "/epochs/2/")
    epoch = Epoch.objects.get(number=2)
    assert "Pool and sum are equal" in markup.text
    assert epoch.pool == 20_000_000_000
    assert amount_digits(epoch.distributed, 6) in markup.text
    assert epoch.merkle_root in markup.text
    for row in epoch_rows(2):
        assert amount_digits(row, 6).replace(",", "") in markup.text.replace(" ", "").replace(",", "")


def epoch_rows(number: int) -> list[int]:
    return list(NodeEpoch.objects.filter(epoch=number).values_list("reward", flat=True))


def test_an_epoch_without_work_carries_its_pool(settled: Network, reader: Client) -> None:
    text = read(reader, "/epochs/1/").text
    assert "Carried to epoch 2, IFM 10,000.00" in text
    assert "Distributed to 0 nodes" in text


def test_nothing_of_an_open_epoch_is_final(settled: Network, reader: Client) -> None:
    settled.work(node_address(1), 5)
    settled.work(node_address(2), 3, outcome="rejected")
    text = read(reader, "/epochs/3/").text
    assert "Nothing here is final" in text
    assert "Jobs accepted so far 5" in text
    assert "Nodes at work so far 2" in text
    assert "Pool and sum" not in text
    assert "What the settlement will do" in text
    steps = (
        "Performance is measured",
        "Votes on disputes are counted",
        "Due slashes are executed",
        "Epoch 4 opens",
    )
    assert [text.index(step) for step in steps] == sorted(text.index(step) for step in steps)


def test_a_settling_epoch_says_so(settled: Network, reader: Client) -> None:
    Epoch.objects.filter(number=3).update(status="settling")
    assert "Epoch 3 is being settled" in read(reader, "/epochs/3/").text
    assert "settling" in read(reader, "/").text


@pytest.mark.parametrize(
    "address", ["/epochs/4/", "/epochs/0/", "/epochs/99999999999999/", "/epochs/?page=2"]
)
def test_there_is_no_such_epoch(settled: Network, reader: Client, address: str) -> None:
    assert reader.get(address).status_code == 404


@pytest.mark.parametrize("address", ["/epochs/2/?sort=luck", "/epochs/2/?page=-1", "/epochs/2/?format=xml"])
def test_nonsense_is_a_400(settled: Network, reader: Client, address: str) -> None:
    assert reader.get(address).status_code == 400


def test_rows_are_sorted_and_found(settled: Network, reader: Client) -> None:
    html = reader.get("/epochs/2/").content.decode()
    assert html.index(">Node 3</a>") < html.index(">Node 2</a>") < html.index(">Node 1</a>")
    html = reader.get("/epochs/2/?sort=reward").content.decode()
    assert html.index(">Node 1</a>") < html.index(">Node 3</a>")
    text = read(reader, "/epochs/2/?q=node+2").text
    assert "Node 2" in text
    assert "Node 3" not in text
    assert "No node of this epoch matches" in read(reader, "/epochs/2/?q=nobody").text


def test_the_download_has_every_row(settled: Network, reader: Client) -> None:
    rows = list(csv.DictReader(io.StringIO(reader.get("/epochs/2/?format=csv").content.decode())))
    assert [row["address"] for row in rows] == [checksum(node_address(n)) for n in (1, 2, 3)]
    assert sum(int(row["reward"].replace(".", "")) for row in rows) == Epoch.objects.get(number=2).distributed


def test_a_proof_is_found_by_address(settled: Network, reader: Client) -> None:
    node = node_address(1)
    answer = reader.get(f"/epochs/2/?proof={node.upper().replace('0X', '0x')}")
    assert answer.status_code == 302
    assert answer["Location"] == f"/epochs/2/proof/{checksum(node)}/"
    assert reader.get("/epochs/2/?proof=zz").status_code == 404


def test_slashes_are_in_the_reports_of_their_creation_and_their_outcome(
    settled: Network, reader: Client
) -> None:
    settled.work(node_address(2), 1, outcome="dropped")
    settled.settle(2)
    created, executed = read(reader, "/epochs/3/").text, read(reader, "/epochs/4/").text
    assert "Dropout" in created
    assert "Open to dispute" in created
    assert "Executed" in executed
    assert amount_digits(settled.slash(node_address(2)).slashed, 6).replace(",", "") in executed.replace(
        " ", ""
    ).replace(",", "")


def test_queries_do_not_grow(settled: Network, reader: Client) -> None:
    def queries(address: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            reader.get(address)
        return len(queries)

    before = queries("/epochs/2/"), queries("/epochs/")
    for number in range(4, 12):
        settled.node(number, own=10)
        settled.work(node_address(number), 3)
    settled.settle(3)
    assert (queries("/epochs/3/"), queries("/epochs/")) == before
