"""Starred nodes: stored for a wallet, filtered by, and never anybody else's."""

from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from staking.models import WatchedNode
from staking.services import watchlist
from tests.network import Network, node_address, wallet


@pytest.fixture
def signed_in(network: Network) -> Client:
    for number in (1, 2, 3):
        network.node(number, own=100, name=f"Node {number}")
    client = Client(HTTP_ACCEPT_ENCODING="identity")
    client.force_login(get_user_model().objects.create(address=wallet(7)))
    return client


def watched() -> list[tuple[str, str]]:
    return sorted(WatchedNode.objects.values_list("wallet", "node__address"))


def test_a_star_is_stored_once_and_taken_away(signed_in: Client) -> None:
    for _ in range(2):
        answer = signed_in.post(
            "/watchlist/", {"watch": node_address(1)}, HTTP_REFERER="http://testserver/?tier=0"
        )
        assert (answer.status_code, answer["Location"]) == (303, "http://testserver/?tier=0")
    assert watched() == [(wallet(7), node_address(1))]
    html = signed_in.get("/").content.decode()
    assert f'name="unwatch" value="{node_address(1)}" aria-pressed="true"' in html
    assert f'name="watch" value="{node_address(2)}" aria-pressed="false"' in html
    for _ in range(2):
        signed_in.post("/watchlist/", {"unwatch": node_address(1)})
    assert watched() == []


def test_stars_of_a_browser_move_to_the_wallet_in_one_request(signed_in: Client) -> None:
    addresses = [node_address(1), node_address(2), "0x" + "9" * 40]
    answer = signed_in.post("/watchlist/", {"watch": addresses}, HTTP_X_REQUESTED_WITH="fetch")
    assert answer.status_code == 204
    assert [node for _, node in watched()] == [node_address(1), node_address(2)]


def test_the_watchlist_filters_the_leaderboard_of_its_wallet_alone(signed_in: Client) -> None:
    signed_in.post("/watchlist/", {"watch": node_address(2)})
    listed = signed_in.get("/?watched=1", HTTP_HX_REQUEST="true").content.decode()
    assert ">Node 2</a>" in listed
    assert ">Node 1</a>" not in listed
    other = Client()
    other.force_login(get_user_model().objects.create(address=wallet(8)))
    assert "No node matches" in other.get("/?watched=1").content.decode()
    assert other.get("/?watched=1")["Cache-Control"] == "private, no-store"


def test_a_wrong_filter_leaves_the_stars_of_a_wallet_usable(signed_in: Client) -> None:
    answer = signed_in.get("/?apr=many")
    html = answer.content.decode()
    assert answer.status_code == 400
    assert 'id="star-form"' in html
    assert "data-watchlist" not in html


def test_stars_need_a_wallet_a_known_form_and_an_end(
    signed_in: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert Client().post("/watchlist/", {"watch": node_address(1)}).status_code == 401
    assert signed_in.get("/watchlist/").status_code == 405
    assert signed_in.post("/watchlist/", {"watch": "0x12"}).status_code == 400
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(get_user_model().objects.get(address=wallet(7)))
    assert strict.post("/watchlist/", {"watch": node_address(1)}).status_code == 403
    outside = signed_in.post("/watchlist/", {"watch": node_address(1)}, HTTP_REFERER="https://evil.example/")
    assert outside["Location"] == "/"
    monkeypatch.setattr(watchlist, "MAX_NODES", 1)
    refused = signed_in.post("/watchlist/", {"watch": node_address(2)}, HTTP_X_REQUESTED_WITH="fetch")
    assert refused.status_code == 400
    assert watched() == [(wallet(7), node_address(1))]
