"""The page cache: the same bytes until the data changes, nothing private, bounded."""

from __future__ import annotations

import gzip

import brotli
import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.network import Network, node_address, wallet
from web import page_cache


@pytest.fixture(autouse=True)
def _frozen_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Time stands still, so that only a change of data renews a page; the version is read for each request."""
    monkeypatch.setattr(page_cache.time, "time", lambda: 1_800_000_000.0)
    monkeypatch.setattr(page_cache, "VERSION_SECONDS", 0.0)


def test_a_second_reader_gets_the_same_bytes_for_one_query(network: Network, reader: Client) -> None:
    network.node(1)
    first = reader.get("/")
    with CaptureQueriesContext(connection) as queries:
        second = Client(HTTP_ACCEPT_ENCODING="identity").get("/")
    assert second.content == first.content
    assert len(queries) == 1


def test_an_unchanged_page_is_a_304(network: Network, reader: Client) -> None:
    network.node(1)
    first = reader.get("/")
    again = reader.get("/", HTTP_IF_NONE_MATCH=first["ETag"])
    assert again.status_code == 304
    assert not again.content
    assert again["ETag"] == first["ETag"]
    assert reader.get("/", HTTP_IF_NONE_MATCH='"other"').status_code == 200


def test_a_delegation_renews_the_page(network: Network, reader: Client) -> None:
    node = network.node(1, own=100)
    first = reader.get("/")
    network.fund(wallet(1), 50)
    network.delegate(node, 1, 50)
    second = reader.get("/", HTTP_IF_NONE_MATCH=first["ETag"])
    assert second.status_code == 200
    assert "100 + 50" in second.content.decode()


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [("br, gzip", "br"), ("gzip, deflate", "gzip"), ("identity", ""), ("", ""), ("br;q=0, gzip", "gzip")],
)
def test_the_browser_chooses_the_encoding(network: Network, accepted: str, encoding: str) -> None:
    answer = Client(HTTP_ACCEPT_ENCODING=accepted).get("/")
    assert answer.get("Content-Encoding", "") == encoding
    opened = {"br": brotli.decompress, "gzip": gzip.decompress, "": bytes}[encoding](answer.content)
    assert b"</html>" in opened
    assert {"Cookie", "Accept-Encoding", "HX-Request"} <= set(answer["Vary"].split(", "))


def test_addresses_that_mean_the_same_share_one_entry(network: Network, reader: Client) -> None:
    for number in range(3):
        network.node(number, own=3_000)
    page_cache.clear()
    for address in (
        "/?tier=2&open=1",
        "/?open=1&tier=2",
        "/?tier=2&open=1&x=1",
        "/?open=1&page=1&tier=2&q=",
        "/?tier=2&tier=2&open=1",
    ):
        reader.get(address)
    assert len(page_cache.pages) == 1


def test_searches_are_not_cached(network: Network, reader: Client) -> None:
    network.node(1)
    page_cache.clear()
    answer = reader.get("/?q=node")
    assert len(page_cache.pages) == 0
    assert answer["Cache-Control"] == "private, no-store"


def test_the_cache_is_bounded() -> None:
    cache = page_cache.PageCache(3)
    for number in range(9):
        cache.put(number, page_cache.CachedPage.of(b"page"))
    assert len(cache) == 3
    assert cache.get(8) is not None
    assert cache.get(0) is None


def test_errors_and_empty_pages_are_not_cached(network: Network, reader: Client) -> None:
    network.node(1)
    page_cache.clear()
    reader.get("/?tier=9")
    reader.get("/?page=77")
    assert len(page_cache.pages) == 0


def test_signed_in_readers_get_pages_of_their_own(network: Network, reader: Client) -> None:
    node = network.node(1, own=100, name="Mine")
    person = get_user_model().objects.create(address=network.operator_of(node))
    reader.force_login(person)
    page_cache.clear()
    answer = reader.get("/")
    assert answer["Cache-Control"] == "private, no-store"
    assert len(page_cache.pages) == 0
    assert "Your nodes and those you delegate to" in answer.content.decode()
    stranger = Client(HTTP_ACCEPT_ENCODING="identity").get("/").content.decode()
    assert "Your nodes" not in stranger


def test_delegations_head_the_list_of_their_wallet(network: Network, reader: Client) -> None:
    network.node(1, own=100, name="Held")
    network.node(2, own=100, name="Other")
    network.delegate(node_address(1), 7, 10)
    reader.force_login(get_user_model().objects.create(address=wallet(7)))
    html = reader.get("/").content.decode()
    own = html.split("All nodes")[0]
    assert ">Held</a>" in own
    assert ">Other</a>" not in own


def test_each_theme_has_its_own_entry(network: Network, reader: Client) -> None:
    network.node(1)
    page_cache.clear()
    for theme in ("light", "dark", "", "<script>", "blue"):
        reader.cookies["theme"] = theme
        html = reader.get("/").content.decode()
        assert ("data-bs-theme" in html) == (theme in ("light", "dark"))
        assert "<script>blue" not in html
    assert len(page_cache.pages) == 3


def test_cached_pages_hold_no_token_and_set_no_cookie(network: Network, reader: Client) -> None:
    network.node(1)
    answer = reader.get("/")
    assert "csrf" not in answer.content.decode().lower()
    assert not answer.cookies


def test_a_cached_page_does_not_depend_on_the_host(network: Network, reader: Client) -> None:
    network.node(1)
    page_cache.clear()
    reader.get("/", HTTP_HOST="localhost:9")
    assert b"localhost:9" not in reader.get("/", HTTP_HOST="127.0.0.1").content


def test_every_process_makes_the_same_bytes(network: Network, reader: Client) -> None:
    network.node(1, own=100)
    first = reader.get("/")
    page_cache.clear()
    assert reader.get("/")["ETag"] == first["ETag"]
