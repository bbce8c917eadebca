"""The frame of every page: content policy, theme, live updates, errors; nothing inline."""

from __future__ import annotations

from types import ModuleType
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.urls import path
from pytest_django import Settings

from inframind import urls
from staking.services.rankings import rank
from tests.network import Network, node_address
from tests.shared_rows import shared
from tests.staking.pages.reading import Markup

PAGES = (
    "/",
    "/top-nodes/",
    "/epochs/",
    "/epochs/1/",
    "/epochs/2/",
    f"/nodes/{node_address(1)}/",
    "/nowhere/",
    "/?tier=x",
)


@shared
def filled(network: Network) -> Network:
    network.node(1, own=1_000)
    network.work(node_address(1), 12)
    network.settle()
    return network


@pytest.mark.parametrize("address", PAGES)
def test_nothing_is_inline_and_the_policy_is_strict(filled: Network, reader: Client, address: str) -> None:
    answer = reader.get(address)
    policy = answer["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    markup = Markup(answer.content.decode())
    assert not markup.all("style")
    for tag, attributes in markup.elements:
        assert "style" not in attributes, (tag, attributes)
        assert not [name for name in attributes if name.startswith("on")], (tag, attributes)
        if tag == "script":
            assert attributes.get("src") or attributes.get("type") == "application/json"


@pytest.mark.parametrize("address", PAGES)
def test_pages_have_their_landmarks(filled: Network, reader: Client, address: str) -> None:
    markup = Markup(reader.get(address).content.decode())
    tags = [tag for tag, _ in markup.elements]
    assert tags.count("h1") == 1
    assert tags.count("main") == 1
    ids = [attributes["id"] for _, attributes in markup.elements if attributes.get("id")]
    assert len(ids) == len(set(ids)), sorted(i for i in ids if ids.count(i) > 1)


def test_the_theme_is_stored_without_javascript(network: Network, reader: Client) -> None:
    answer = reader.post("/theme/", {"theme": "dark", "next": "/epochs/"})
    assert answer.status_code == 302
    assert answer["Location"] == "/epochs/"
    assert 'data-bs-theme="dark"' in reader.get("/epochs/").content.decode()


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "javascript:alert(1)", "", "epochs"]
)
def test_the_theme_leads_nowhere_else(network: Network, reader: Client, target: str) -> None:
    assert reader.post("/theme/", {"theme": "dark", "next": target})["Location"] == "/"


def test_an_unknown_theme_is_not_stored(network: Network, reader: Client) -> None:
    assert not reader.post("/theme/", {"theme": "pink"}).cookies
    assert reader.get("/theme/").status_code == 405


@pytest.mark.parametrize(
    ("address", "back"),
    [
        ("/?tier=1&sort=-apr", "/?tier=1&sort=-apr"),
        ("/?sort=-apr&tier=1&unknown=x", "/?tier=1&sort=-apr"),
        ("/?q=no&status=active", "/?q=no&status=active"),
        ("/", "/"),
        ("/plan/?amount=900&risk=5", "/plan/?amount=900&risk=5"),
        (f"/compare/?n={node_address(1)}&amount=5", f"/compare/?n={node_address(1)}&amount=5"),
        (f"/nodes/{node_address(1)}/incidents/?epochs=90", f"/nodes/{node_address(1)}/incidents/?epochs=90"),
        ("/signin/?next=/plan/%3Famount%3D9", "/plan/?amount=9"),
    ],
)
def test_signing_in_and_the_theme_lead_back_to_the_same_query(
    filled: Network, reader: Client, address: str, back: str
) -> None:
    markup = Markup(reader.get(address).content.decode())
    links = [attributes.get("href") or "" for attributes in markup.all("a")]
    assert f"/signin/?{urlencode({'next': back}, safe='/')}" in links
    assert {"type": "hidden", "name": "next", "value": back} in markup.all("input")


def test_the_live_version_changes_with_epoch_and_ranking(filled: Network, reader: Client) -> None:
    words = [reader.get("/live/").content]
    rank(now=filled.now)
    words.append(reader.get("/live/").content)
    filled.settle()
    words.append(reader.get("/live/").content)
    assert len(set(words)) == 3
    assert f'data-seen="{words[-1].decode()}"' in reader.get("/epochs/").content.decode()


def _breaks(request: object) -> None:
    raise RuntimeError("secret detail")


@pytest.fixture
def broken(settings: Settings) -> None:
    """The site with a page that fails."""
    module = ModuleType("broken_urls")
    module.urlpatterns = [path("breaks/", _breaks), *urls.urlpatterns]  # type: ignore[attr-defined]
    module.handler500 = urls.handler500  # type: ignore[attr-defined]
    settings.ROOT_URLCONF = module


def test_an_error_page_says_what_happened(db: None, broken: None) -> None:
    answer = Client(raise_request_exception=False).get("/breaks/")
    assert answer.status_code == 500
    html = answer.content.decode()
    assert "Something went wrong on our side" in html
    assert "secret detail" not in html


def test_writing_to_a_page_is_refused(network: Network, reader: Client) -> None:
    for address in ("/", "/epochs/", "/live/", "/top-nodes/"):
        assert reader.post(address).status_code == 405
