"""The list of nodes: its rows, order, pages and queries."""

from __future__ import annotations

import gzip
import re
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from protocol.amounts import MICRO, parse_amount
from staking.models import Node
from staking.selectors.nodes import ORDERINGS
from staking.services import nodes, rankings, stakes
from tests.network import Network
from tests.shared_rows import shared
from tests.wallets import ANNA, EAST, NORTH, OLGA, OTTO, SOUTH, Caller, address, shown
from web.models import DataChange


@shared
def ranked(three: Network) -> Network:
    """After an epoch in which North and South worked, South badly, and a newcomer that is not ranked yet."""
    Caller(ANNA).post(f"nodes/{SOUTH}/delegate", {"amount": "1000"})
    three.fund(OLGA, 1)
    three.stake(EAST, 1)
    three.work(NORTH)
    three.work(SOUTH, 9)
    three.work(SOUTH, 1, outcome="timeout")
    three.settle()
    three.settle(worked=[NORTH, SOUTH])
    rankings.rank(now=three.now)
    three.node(NEW, OTTO, 3_000, region="us-east", delegation_cap=2_000 * MICRO)
    nodes.change(node=NEW, actor=OTTO, changes={"delegator_share_bps": 10_000}, now=three.now)
    return three


NEW = address("0c04")
NAMES = {NORTH: "north", SOUTH: "south", EAST: "east", NEW: "new"}


def names(answer: Any) -> list[str]:
    return [NAMES[node["address"].lower()] for node in answer["results"]]


LISTS: list[tuple[dict[str, Any], list[str]]] = [
    ({}, ["north", "east", "south", "new"]),
    ({"tier": 0}, ["east"]),
    ({"tier": 1}, ["south"]),
    ({"tier": 2}, ["new"]),
    ({"tier": 3}, ["north"]),
    ({"region": "us-east"}, ["south", "new"]),
    ({"region": "atlantis"}, []),
    ({"job_class": "gpu"}, ["north", "south", "new"]),
    ({"job_class": "zkml"}, ["north", "new"]),
    ({"job_class": "tee"}, ["north"]),
    ({"open": "true"}, ["north", "south", "new"]),
    ({"open": "True"}, ["north", "south", "new"]),
    ({"open": "false"}, ["north", "east", "south", "new"]),
    ({"status": "active"}, ["north", "east", "south", "new"]),
    ({"status": "banned"}, []),
    ({"operator": shown(OTTO)}, ["south", "new"]),
    ({"operator": OLGA, "region": "eu-west"}, ["north", "east"]),
    ({"search": "0C03"}, ["east"]),
    ({"search": "NODE 01"}, ["north"]),
    ({"search": "node"}, ["north", "east", "south", "new"]),
    ({"search": "100%"}, []),
    ({"search": "_"}, []),
    ({"room": "2000"}, ["north", "south", "new"]),
    ({"room": "2000.000001"}, ["north", "south"]),
    ({"min_sla_bps": 9_000}, ["north", "south"]),
    ({"min_apr_bps": 1}, ["south"]),
    ({"min_uptime_bps": 10_000}, ["north", "east", "south", "new"]),
    ({"max_kept_bps": 2_000}, ["north", "east", "south", "new"]),
    ({"max_kept_bps": 1_999}, []),
    ({"ordering": "rank"}, ["north", "east", "south", "new"]),
    ({"ordering": "-rank"}, ["south", "east", "north", "new"]),
    ({"ordering": "stake"}, ["east", "south", "new", "north"]),
    ({"ordering": "-stake"}, ["north", "new", "south", "east"]),
    ({"ordering": "-q"}, ["north", "east", "south", "new"]),
    ({"ordering": "apr"}, ["south", "north", "east", "new"]),
    ({"ordering": "-apr"}, ["south", "north", "east", "new"]),
    ({"ordering": "-sla"}, ["north", "south", "east", "new"]),
    ({"ordering": "sla"}, ["north", "south", "east", "new"]),
    ({"ordering": "uptime"}, ["north", "south", "east", "new"]),
    ({"ordering": "share"}, ["north", "south", "east", "new"]),
]


def test_a_list_has_the_requested_rows_in_the_requested_order(ranked: Network, get: Any) -> None:
    for query, expected in LISTS:
        assert names(get("nodes", **query)) == expected, query
        assert names(get("nodes", **query)) == expected, ("cached", query)


NONSENSE: list[dict[str, str]] = [
    {"tier": "abc"}, {"tier": "4"}, {"tier": "-1"}, {"tier": "1.0"}, {"tier": ""}, {"tier": "١"},
    {"job_class": "alchemy"}, {"job_class": ""}, {"open": "yes"}, {"open": "1"}, {"status": "open"},
    {"ordering": "colour"}, {"ordering": "--rank"}, {"ordering": "rank;drop"}, {"ordering": "rank,-q"},
    {"region": "eu west"}, {"region": "\x00"}, {"region": "x" * 33}, {"search": "\x00"}, {"search": "x" * 65},
    {"limit": "0"}, {"limit": "201"}, {"limit": "x"}, {"limit": "1e3"}, {"offset": "-1"}, {"offset": "9" * 30},
    {"min_sla_bps": "9000.5"}, {"min_apr_bps": "-1"},
]  # fmt: skip


def test_a_filter_that_cannot_be_meant_is_refused(three: Network, get: Any) -> None:
    for query in NONSENSE:
        problem = get("nodes", 400, **query)
        assert (problem["code"], problem["errors"][0]["field"]) == ("invalid", next(iter(query))), query


def test_filters_of_addresses_and_amounts_have_codes_of_their_own(three: Network, refused: Any) -> None:
    refused("address_invalid", "nodes", operator="0xABC")
    refused("amount_invalid", "nodes", room="1e3")


def test_a_hostile_search_finds_nothing(three: Network, get: Any) -> None:
    for hostile in ("' OR 1=1 --", "%' OR '1'='1", "\\", "%s", "%(epoch)s", "{0}", "<img src=x>", "😀"):
        assert get("nodes", search=hostile) == {"results": [], "next": None}, hostile


def test_a_search_with_a_hidden_character_is_refused(three: Network, refused: Any) -> None:
    refused("invalid", "nodes", search="nor\u200fth")


def test_a_search_finds_a_name_however_it_is_composed(three: Network, get: Any) -> None:
    Node.objects.filter(address=NORTH).update(name="Z\u00fcrich")
    assert names(get("nodes", search="Zu\u0308rich")) == ["north"]


def test_pages_follow_each_other_without_gap_or_overlap(ranked: Network, get: Any) -> None:
    seen: list[str] = []
    answer = get("nodes", limit=3, status="active")
    seen += names(answer)
    assert re.fullmatch(
        r"http://testserver/api/v1/nodes\?limit=3&status=active&cursor=[0-9a-f]{24}\.3\.[0-9]+\.1",
        answer["next"],
    )
    answer = Client().get(answer["next"]).json()
    assert answer["next"] is None
    assert [*seen, *names(answer)] == ["north", "east", "south", "new"]
    assert get("nodes", offset=10**9) == {"results": [], "next": None}


def test_pages_of_one_make_up_the_whole_list_whatever_is_filtered(three: Network, get: Any) -> None:
    """Filters are put to the head of the order first: they may let all pass, some, one far down, or none."""
    for number in range(40):
        region = "us-east" if number % 9 == 8 else "eu-west"
        three.node(address(f"{number:04x}dd"), OLGA, 100 + 7 * number % 20, region=region)
    three.fund(OLGA, 1)
    three.stake(EAST, 1)
    rankings.rank(now=three.now)
    for ordering, key in {"-stake": stake_down, "name": by_name, "rank": by_rank}.items():
        whole = sorted(get("nodes", limit=200)["results"], key=key)
        for query, wanted in FILTERED:
            expected = [node["address"] for node in whole if wanted(node)]
            assert walked(get, ordering=ordering, **query) == expected, (ordering, query)


FILTERED: list[tuple[dict[str, str], Any]] = [
    ({}, lambda node: True),
    ({"status": "active"}, lambda node: True),
    ({"region": "us-east"}, lambda node: node["region"] == "us-east"),
    ({"search": "0c03"}, lambda node: node["address"].lower() == EAST),
    ({"region": "atlantis"}, lambda node: False),
]


def stake_down(node: Any) -> Any:
    return -parse_amount(node["effective_stake"]), node["address"].lower()


def by_name(node: Any) -> Any:
    return node["name"].lower(), node["address"].lower()


def by_rank(node: Any) -> Any:
    return node["rank"]


def walked(get: Any, **query: str) -> list[str]:
    page = get("nodes", limit=1, **query)
    nodes = page["results"]
    while page["next"]:
        page = Client().get(page["next"]).json()
        nodes += page["results"]
    return [node["address"] for node in nodes]


def test_rows_have_the_shape_of_a_node_and_its_figures_by_the_ranking(ranked: Network, get: Any) -> None:
    rows = get("nodes")["results"]
    one = get(f"nodes/{NORTH}")
    assert rows[0].keys() == one.keys()
    assert rows[0] == one, "nothing happened since the ranking"
    ranked.work(NORTH, 5)
    ranked.work(NORTH, 5, outcome="timeout")
    row, one = get("nodes")["results"][0], get(f"nodes/{NORTH}")
    assert (one["live"], one["sla_bps"]) == (True, 5_000)
    assert (row["live"], row["sla_bps"]) == (False, 10_000)
    assert rows[3]["rank"] is None
    assert (rows[3]["q_bps"], rows[3]["score_bps"], rows[3]["sla_bps"]) == (10_000, 10_000, None)


def test_a_list_is_right_the_moment_stake_moves(ranked: Network, get: Any) -> None:
    assert names(get("nodes", tier=3)) == ["north"]
    stakes.unstake(node=NORTH, amount=1 * MICRO, actor=OLGA, now=ranked.now)
    assert names(get("nodes", tier=3)) == []
    assert names(get("nodes", tier=2)) == ["north", "new"]
    Caller(ANNA).post(f"nodes/{NORTH}/delegate", {"amount": "1"})
    assert names(get("nodes", tier=3)) == ["north"]
    nodes.change(node=NORTH, actor=OLGA, changes={"status": "retired"}, now=ranked.now)
    assert names(get("nodes", status="retired")) == ["north"]
    assert names(get("nodes", open="true")) == ["south", "new"]


def test_an_unchanged_list_is_known_by_its_tag(ranked: Network) -> None:
    client = Client()
    first = client.get("/api/v1/nodes")
    tag = first.headers["ETag"]
    for known in (tag, f"W/{tag}", f'"else", {tag}', "*"):
        again = client.get("/api/v1/nodes", headers={"If-None-Match": known})
        assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", tag)
    assert client.get("/api/v1/nodes", headers={"If-None-Match": '"else"'}).content == first.content
    stakes.unstake(node=NORTH, amount=1 * MICRO, actor=OLGA, now=ranked.now)
    changed = client.get("/api/v1/nodes", headers={"If-None-Match": tag})
    assert (changed.status_code, changed.headers["ETag"] != tag) == (200, True)


def test_a_kept_list_is_zipped_once_for_those_who_take_it_so(ranked: Network) -> None:
    client = Client()
    plain = client.get("/api/v1/nodes")
    for _ in range(2):
        zipped = client.get("/api/v1/nodes", headers={"Accept-Encoding": "br, gzip"})
        assert (zipped.headers["Content-Encoding"], zipped.headers["Vary"]) == (
            "gzip",
            "Accept-Encoding, origin",
        )
        assert gzip.decompress(zipped.content) == plain.content
        assert zipped.headers["ETag"] == "W/" + plain.headers["ETag"]
    assert "Content-Encoding" not in plain.headers
    tag = zipped.headers["ETag"]
    assert client.get("/api/v1/nodes", headers={"If-None-Match": tag}).status_code == 304


def test_kept_answers_belong_to_one_host_and_one_query(ranked: Network) -> None:
    client = Client()
    assert client.get("/api/v1/nodes?limit=1").json()["next"].startswith("http://testserver/")
    assert (
        client.get("/api/v1/nodes?limit=1", headers={"Host": "localhost"})
        .json()["next"]
        .startswith("http://localhost/")
    )
    stranger = client.get("/api/v1/nodes?limit=1&evil=1").json()["next"]
    assert "evil=1" in stranger
    assert "evil" not in client.get("/api/v1/nodes?limit=1").json()["next"]


def test_a_token_is_checked_on_cached_answers_too(ranked: Network) -> None:
    client = Client()
    assert client.get("/api/v1/nodes").status_code == 200
    assert client.get("/api/v1/nodes", headers={"Authorization": "Bearer ifm_nothing"}).status_code == 401
    assert Caller(ANNA).get("nodes").json() == client.get("/api/v1/nodes").json()


def test_a_cached_list_costs_one_query(ranked: Network) -> None:
    client = Client()
    client.get("/api/v1/nodes")
    with CaptureQueriesContext(connection) as captured:
        client.get("/api/v1/nodes")
    assert len(captured) == 1


def test_what_a_list_costs_does_not_grow_with_its_rows(three: Network, get: Any) -> None:
    def costs(limit: int, rows: int) -> list[int]:
        return [cost(ordering, limit, rows) for ordering in ORDERINGS]

    def cost(ordering: str, limit: int, rows: int) -> int:
        query = {"ordering": ordering, "open": "true", "search": "node", "status": "active", "limit": limit}
        DataChange.objects.create()  # nothing that was kept serves any more
        with CaptureQueriesContext(connection) as queries:
            nodes = get("nodes", **query)["results"]
        assert len(nodes) == rows
        return len(queries)

    few = costs(1, rows=1)
    for number in range(60):
        three.node(address(f"{number:04x}dd"), OLGA, 0)
    rankings.rank(now=three.now)
    assert costs(200, rows=62) == few
    assert max(few) <= 11
