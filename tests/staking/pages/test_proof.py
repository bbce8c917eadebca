"""Pages of proofs: what the reader's browser gets to check (R51)."""

from __future__ import annotations

import json
import re
from html import unescape
from typing import Any

import pytest
from django.test import Client

from chain.abi import selector
from protocol.addresses import checksum
from protocol.merkle import Leaf, verify
from staking.models import Epoch
from tests.network import Network, node_address
from tests.shared_rows import shared

pytestmark = pytest.mark.django_db


@shared
def settled() -> Network:
    net = Network()
    for number in (1, 2, 3):
        net.work(net.node(number, own=1_000), 10)
    net.settle()
    return net


def data(text: str, name: str) -> str:
    match = re.search(rf' data-{name}="([^"]*)"', text)
    assert match
    return unescape(match[1])


def test_the_page_has_all_that_a_browser_needs_to_check(settled: Network, settings: Any) -> None:
    settings.INFRAMIND_CHAIN_RPC = ("http://127.0.0.1:1",)
    settings.INFRAMIND_CHAIN_SETTLEMENT = "0x" + "5e" * 20
    text = Client().get(f"/epochs/1/proof/{checksum(node_address(2))}/").content.decode()
    proof = json.loads(data(text, "proof"))
    assert proof["root"] == Epoch.objects.get(number=1).merkle_root
    (leaf,) = proof["leaves"]
    kind, address, amount, epoch = leaf["value"]
    path = [bytes.fromhex(one[2:]) for one in leaf["proof"]]
    assert isinstance(amount, str)
    assert verify(bytes.fromhex(proof["root"][2:]), Leaf(kind, address.lower(), int(amount), epoch), path)
    assert data(text, "settlement") == checksum("0x" + "5e" * 20)
    assert data(text, "root-call") == "0x" + selector("root_of(uint256)").hex()
    assert "http://testserver/epochs/1/proof/" in text
    assert f"infra proof 1 {checksum(node_address(2))}" in text


def test_without_a_chain_the_page_names_no_contract(settled: Network) -> None:
    text = Client().get(f"/epochs/1/proof/{node_address(2)}/").content.decode()
    assert (data(text, "settlement"), data(text, "chain-id")) == ("", "")


@pytest.mark.parametrize(
    "path", ["2/proof/{node}/", "9/proof/{node}/", "1/proof/0x12/", f"1/proof/0x{'ab' * 20}/"]
)
def test_a_proof_that_does_not_exist_is_not_found(settled: Network, path: str) -> None:
    assert Client().get(f"/epochs/{path.format(node=node_address(1))}").status_code == 404


def test_a_proof_takes_few_queries(settled: Network, django_assert_max_num_queries: Any) -> None:
    with django_assert_max_num_queries(10):
        Client().get(f"/epochs/1/proof/{node_address(2)}/")


def test_the_verify_page_leads_to_a_proof(settled: Network) -> None:
    answer = Client().get("/verify/", {"epoch": "1", "address": node_address(1)})
    assert (answer.status_code, answer["Location"]) == (302, f"/epochs/1/proof/{checksum(node_address(1))}/")
    assert "Check a proof from elsewhere" in Client().get("/verify/").content.decode()


@pytest.mark.parametrize(
    ("style", "text", "status", "words"),
    [
        ("point", "1,000", 404, "There is no epoch 1000."),
        ("comma", "1.000", 404, "There is no epoch 1000."),
        ("point", "1.000", 400, "Enter a whole number."),
        ("comma", "1,000", 400, "Enter a whole number."),
        ("comma", "1.00", 400, "Enter a whole number."),
        ("point", "1.5", 400, "Enter a whole number."),
        ("point", "-1", 400, "“-1” cannot be read. Enter a number from 0 on"),
        ("point", "1e3", 400, "“1e3” cannot be read."),
        ("point", "", 400, "Enter the number of a settled epoch."),
        ("point", "0", 400, "Enter a value from 1 to 2,147,483,647."),
    ],
)
def test_an_epoch_is_read_as_the_reader_writes_numbers(
    settled: Network, style: str, text: str, status: int, words: str
) -> None:
    reader = Client()
    reader.cookies["numbers"] = style
    answer = reader.get("/verify/", {"epoch": text, "address": node_address(1)})
    assert (answer.status_code, words in answer.content.decode()) == (status, True)


def test_an_unknown_epoch_is_an_error_of_the_epoch_field(settled: Network) -> None:
    for epoch in ("7", "2"):
        answer = Client().get("/verify/", {"epoch": epoch, "address": node_address(1)})
        assert list(answer.context["form"].errors) == ["epoch"]


def test_the_verify_page_says_at_the_field_what_is_wrong_and_forgets_nothing(settled: Network) -> None:
    for epoch, address, status, words in (
        ("x", node_address(1), 400, "“x” cannot be read. Enter a number from 0 on, for example 10."),
        ("9" * 10, node_address(1), 400, "Enter a value from 1 to 2,147,483,647."),
        ("1", "0x1", 400, "address_invalid"),
        ("7", node_address(1), 404, "not_found"),
    ):
        answer = Client().get("/verify/", {"epoch": epoch, "address": address})
        page = answer.content.decode()
        assert answer.status_code == status, epoch
        assert words in page
        assert f'value="{epoch}"' in page
        assert f'value="{address}"' in page
