"""The pages of one listing are of one version, whatever happens between two of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from protocol.amounts import MICRO
from staking.selectors import node_order
from staking.services import nodes, rankings, stakes
from tests.network import Network
from tests.shared_rows import shared
from tests.wallets import ANNA, NORTH, OLGA, OTTO, Caller, address
from web.api import snapshots

FLEET = [address(f"f{number:02x}") for number in range(9)]
LAST = FLEET[-1]


@shared
def fleet(net: Network) -> Network:
    """Nine nodes with 900, 800, … 100 IFM of stake, ranked in this order."""
    for number, node in enumerate(FLEET):
        net.node(node, OTTO if number % 2 else OLGA, 900 - 100 * number, region="eu-west")
    rankings.rank(now=net.now)
    net.fund(ANNA, 100_000)
    return net


def walk(url: str, between: Callable[[int], object] = lambda page: None) -> list[str]:
    """The addresses on all pages from a URL on; `between` is called after each page."""
    nodes: list[str] = []
    following: str | None = url
    page = 0
    while following:
        answer = Client().get(following)
        assert answer.status_code == 200, answer.content
        nodes += [row.get("address") or row["node"] for row in answer.json()["results"]]
        following = answer.json()["next"]
        page += 1
        between(page)
    return [one.lower() for one in nodes]


def delegate(node: str, amount: int) -> None:
    assert Caller(ANNA).post(f"nodes/{node}/delegate", {"amount": str(amount)}).status_code in (200, 201)


def forget(url: str) -> None:
    """Let the snapshot that a page's URL names expire."""
    cache.delete("listing:" + url.rpartition("cursor=")[2].partition(".")[0])


def test_a_delegation_between_two_pages_neither_doubles_nor_hides_a_node(fleet: Network) -> None:
    """The sixth node jumps to the top behind the first page, then the last one does behind the second."""
    jumps = {1: FLEET[5], 2: LAST}

    def between(page: int) -> None:
        if page in jumps:
            delegate(jumps[page], 10_000)

    assert walk("/api/v1/nodes?ordering=-stake&limit=3", between) == FLEET
    assert walk("/api/v1/nodes?ordering=-stake&limit=3")[:2] == sorted([FLEET[5], LAST])


def test_a_node_that_falls_behind_the_page_is_not_shown_again(fleet: Network) -> None:
    def between(page: int) -> None:
        if page == 1:
            stakes.unstake(node=FLEET[0], amount=850 * MICRO, actor=OLGA, now=fleet.now)

    assert walk("/api/v1/nodes?ordering=-stake&limit=3", between) == FLEET


def test_a_filtered_list_is_of_those_that_match_when_its_first_page_is_read(fleet: Network) -> None:
    """Behind the first page one node leaves the tier and another one enters it."""
    tier = "/api/v1/nodes?ordering=-stake&limit=2&tier=1"

    def between(page: int) -> None:
        if page == 1:
            stakes.unstake(node=FLEET[3], amount=550 * MICRO, actor=OTTO, now=fleet.now)
            delegate(FLEET[8], 500)

    assert walk(tier, between) == FLEET[:5]
    assert walk(tier) == [FLEET[0], FLEET[1], FLEET[2], FLEET[8], FLEET[4]]


def test_a_large_filtered_list_is_of_those_that_match_when_its_second_page_is_read(
    fleet: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(node_order, "ONCE", 8)
    tier = "/api/v1/nodes?ordering=-stake&limit=2&tier=1"

    def between(page: int) -> None:
        if page == 1:
            stakes.unstake(node=FLEET[1], amount=750 * MICRO, actor=OTTO, now=fleet.now)
            delegate(FLEET[8], 500)
        if page == 2:
            stakes.unstake(node=FLEET[4], amount=450 * MICRO, actor=OLGA, now=fleet.now)
            delegate(FLEET[7], 500)

    assert walk(tier, between) == [*FLEET[:5], FLEET[8]]


def test_a_cursor_of_a_filtered_list_that_expired_is_good_while_nothing_moved(fleet: Network) -> None:
    following = Client().get("/api/v1/nodes?ordering=-stake&limit=2&tier=1").json()["next"]
    forget(following)
    assert walk(following) == FLEET[2:5]


def test_a_node_registered_meanwhile_is_not_in_the_listing(fleet: Network) -> None:
    def between(page: int) -> None:
        if page == 1:
            fleet.node(NORTH, OLGA, 5_000)

    assert walk("/api/v1/nodes?ordering=name&limit=4", between) == FLEET
    assert NORTH in walk("/api/v1/nodes?ordering=name&limit=4")


def test_all_pages_are_by_the_ranking_of_the_first(fleet: Network) -> None:
    places: list[int] = []

    def between(page: int) -> None:
        if page == 1:
            stakes.stake(node=LAST, amount=50_000 * MICRO, actor=OLGA, now=fleet.now)
            rankings.rank(now=fleet.now)

    fleet.fund(OLGA, 50_000)
    following = "/api/v1/nodes?ordering=rank&limit=4"
    for page in range(1, 4):
        answer = Client().get(following).json()
        places += [row["rank"] for row in answer["results"]]
        following = answer["next"]
        between(page)
    assert places == list(range(1, 10))


def test_the_scheduler_s_list_is_of_one_ranking(fleet: Network) -> None:
    def between(page: int) -> None:
        if page == 1:
            stakes.stake(node=LAST, amount=50_000 * MICRO, actor=OLGA, now=fleet.now)
            rankings.rank(now=fleet.now)

    fleet.fund(OLGA, 50_000)
    assert walk("/api/v1/scheduler/nodes?job_class=cpu&limit=4", between) == FLEET
    assert walk("/api/v1/scheduler/nodes?job_class=cpu&limit=4")[0] == LAST


def test_the_pages_of_the_latest_ranking_are_of_the_one_that_was_the_latest(fleet: Network) -> None:
    def between(page: int) -> None:
        if page == 1:
            stakes.stake(node=LAST, amount=50_000 * MICRO, actor=OLGA, now=fleet.now)
            rankings.rank(now=fleet.now)

    fleet.fund(OLGA, 50_000)
    assert walk("/api/v1/rankings/latest?limit=4", between) == FLEET


def test_a_cursor_that_expired_is_good_while_nothing_moved_and_is_refused_after(fleet: Network) -> None:
    following = Client().get("/api/v1/nodes?ordering=-stake&limit=3").json()["next"]
    forget(following)
    second = Client().get(following).json()
    assert [row["address"].lower() for row in second["results"]] == FLEET[3:6]
    forget(following)
    delegate(LAST, 10_000)
    answer = Client().get(following)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert answer.json()["errors"] == [
        {
            "field": "cursor",
            "code": "invalid",
            "detail": "This listing has expired: start again without the cursor.",
        }
    ]


def test_without_room_for_snapshots_the_list_is_paged_by_offset(
    fleet: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshots, "SNAPSHOT_BYTES", 10)
    answer = Client().get("/api/v1/nodes?ordering=-stake&limit=4").json()
    assert answer["next"].endswith("&limit=4&offset=4")
    assert walk("/api/v1/nodes?ordering=-stake&limit=4") == FLEET


@pytest.mark.parametrize(
    "cursor",
    ["", "x", "0" * 24, "0" * 24 + ".1", "g" * 24 + ".1.1", "0" * 24 + ".-1.1", "a.b.c.d", "0" * 24 + ".1.1"],
)
def test_a_made_up_cursor_is_refused(fleet: Network, refused: Any, cursor: str) -> None:
    refused("invalid", "nodes", cursor=cursor)


def test_a_cursor_past_the_end_is_an_empty_page(fleet: Network, get: Any) -> None:
    following = get("nodes", limit=3)["next"]
    token, _, ranking, matched = following.rpartition("cursor=")[2].split(".")
    assert get("nodes", cursor=f"{token}.1000000.{ranking}.{matched}") == {"results": [], "next": None}


def test_an_equal_order_is_stored_once(fleet: Network) -> None:
    cursors = {
        Client().get(f"/api/v1/nodes?ordering={order}&limit=3").json()["next"].rpartition("cursor=")[2]
        for order in ("rank", "-stake", "-score")
    }
    assert len(cursors) == 1


def test_a_changed_share_moves_no_row_between_pages(fleet: Network) -> None:
    def between(page: int) -> None:
        if page == 1:
            nodes.change(node=LAST, actor=OLGA, changes={"delegator_share_bps": 10_000}, now=fleet.now)
            fleet.settle()

    assert sorted(walk("/api/v1/nodes?ordering=-share&limit=3", between)) == sorted(FLEET)
