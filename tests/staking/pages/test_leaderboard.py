"""`/`: exact figures, filters as query parameters, and the number of queries."""

from __future__ import annotations

import csv
import io
import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from protocol.addresses import checksum
from protocol.amounts import format_amount
from protocol.parameters import DEFAULTS
from protocol.projection import project
from staking.models import Node, NodeEpoch
from staking.selectors.estimates import pasts_of
from staking.services.rankings import rank
from tests.network import Network, node_address, operator
from tests.shared_rows import shared
from tests.staking.pages.reading import Markup
from web import page_cache

NAMES = ("Alpha", "Beta", "Gamma")


@shared
def ranked(network: Network) -> Network:
    """Three nodes: A fast, delegated and capped; B slow, elsewhere; C without work."""
    network.node(1, own=1_000, name="Alpha", delegation_cap=3_000_000_000)
    network.node(2, own=10_000, name="Beta", region="us-east")
    network.node(3, name="Gamma")
    network.delegate(node_address(1), 1, 1_000)
    network.settle()
    network.work(node_address(1), 30, credits=3_000_000, latency=50)
    network.work(node_address(2), 30, credits=1_000_000, latency=500)
    network.settle()
    network.work(node_address(1), 12, latency=50)
    network.work(node_address(2), 12, latency=500)
    rank(now=network.now)
    return network


def read(reader: Client, address: str, **headers: Any) -> Markup:
    answer = reader.get(address, **headers)
    assert answer.status_code == 200, answer.status_code
    return Markup(answer.content.decode())


def names(reader: Client, address: str) -> list[str]:
    """Names of the listed nodes, in their order."""
    html = reader.get(address, HTTP_HX_REQUEST="true").content.decode()
    return sorted(
        (name for name in NAMES if f">{name}</a>" in html), key=lambda name: html.index(f">{name}</a>")
    )


def test_an_empty_network_says_what_will_be_here(db: None, reader: Client) -> None:
    text = read(reader, "/").text
    assert "No nodes yet" in text
    assert "Epoch" not in text.split("Nodes")[0]


def test_headline_figures_are_exact(ranked: Network, reader: Client) -> None:
    text = read(reader, "/").text
    assert "12,000 IFM" in text.split("Active nodes")[0]
    assert "Operators 91.7%" in text
    assert "Delegators 8.3%" in text
    assert "Rewards, epoch 2" in text
    # Epoch 1 paid nobody, so epoch 2 shared its emission as well.
    assert "19,999.99" in text or "20,000.00" in text


def test_a_line_says_what_the_node_is(ranked: Network, reader: Client) -> None:
    text = read(reader, "/?q=alpha").text
    assert "1,000 + 1,000" in text
    assert "33% of cap, 2,000 left" in text
    assert "80%" in text
    assert "P100" in text
    assert "Open" in text


def test_what_was_never_measured_is_unknown_and_not_zero(network: Network, reader: Client) -> None:
    network.node(9, own=500, name="Fresh")
    html = read(reader, "/").text
    line = html.split("Fresh")[1]
    assert "1.000×" not in line
    assert "–" in line
    assert "unranked" in line


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("/?q=alp", ["Alpha"]),
        (f"/?q={node_address(2)[:12]}", ["Alpha", "Beta", "Gamma"]),
        (f"/?q={node_address(2)}", ["Beta"]),
        (f"/?q={operator(3)}", ["Gamma"]),
        ("/?tier=3", ["Beta"]),
        ("/?tier=0", ["Gamma"]),
        ("/?region=us-east", ["Beta"]),
        ("/?job_class=zkml", ["Alpha", "Beta"]),
        ("/?status=retired", []),
        ("/?open=1&tier=2", ["Alpha"]),
        ("/?sort=stake", ["Gamma", "Alpha", "Beta"]),
        ("/?sort=-stake", ["Beta", "Alpha", "Gamma"]),
        ("/?sort=-name", ["Gamma", "Beta", "Alpha"]),
        ("/?utm_source=elsewhere", ["Alpha", "Beta", "Gamma"]),
        ("/?sla=90", ["Alpha", "Beta"]),
        ("/?uptime=100", ["Alpha", "Beta", "Gamma"]),
        ("/?share=80", ["Alpha", "Beta", "Gamma"]),
        ("/?share=80.01", []),
        ("/?apr=1", ["Alpha", "Beta"]),
        ("/?capacity=2000", ["Alpha", "Beta", "Gamma"]),
        ("/?capacity=2000.000001", ["Beta", "Gamma"]),
        ("/?reputation=501", ["Alpha", "Beta"]),
        ("/?before=2026-01-01", []),
        ("/?before=2027-12-31", ["Alpha", "Beta", "Gamma"]),
        ("/?never_slashed=on", ["Alpha", "Beta", "Gamma"]),
        (f"/?watched={node_address(2)},{node_address(3)}", ["Beta", "Gamma"]),
        ("/?watched=1", []),
        ("/?amount=1000&sort=-apr", ["Alpha", "Beta", "Gamma"]),
        ("/?amount=1000&sort=apr", ["Gamma", "Beta", "Alpha"]),
    ],
)
def test_filters_live_in_the_address(
    ranked: Network, reader: Client, address: str, expected: list[str]
) -> None:
    assert names(reader, address) == expected


@pytest.mark.parametrize(
    "address",
    ["/?tier=abc", "/?tier=7", "/?job_class=alchemy", "/?status=dead", "/?sort=wealth", "/?page=0", "/?page=x",
     "/?page=1000000000", "/?rows=7", "/?open=maybe", "/?q=" + "a" * 67, "/?q=a%00b", "/?region=" + "r" * 33,
     "/?tier=1&tier=2", "/?watched=me"],
)  # fmt: skip
def test_nonsense_is_a_400(network: Network, reader: Client, address: str) -> None:
    answer = reader.get(address)
    assert answer.status_code == 400
    assert "does not make sense" in answer.content.decode()


@pytest.mark.parametrize(
    ("address", "label", "error"),
    [
        ("/?sla=120", "SLA at least", "Enter a value from 0% to 100%."),
        ("/?amount=1,500", "My amount", "“1,500” can mean 1.5 or 1500."),
        ("/?reputation=many", "Reputation at least", "“many” cannot be read."),
        ("/?before=yesterday", "Registered before", "Enter a valid date."),
    ],
)
def test_wrong_numbers_are_named_at_their_filter_and_the_other_filters_stay(
    ranked: Network, reader: Client, address: str, label: str, error: str
) -> None:
    answer = reader.get(address + "&region=us-east")
    assert answer.status_code == 400
    html = Markup(answer.content.decode())
    assert f"{label}: {error}" in html.text
    assert any(field.get("aria-invalid") == "true" for field in html.all("input"))
    assert {"value": "us-east", "selected": None} in html.all("option")


def test_filters_that_are_set_can_be_removed_one_by_one(ranked: Network, reader: Client) -> None:
    html = read(reader, "/?sla=90&share=80&region=us-east&amount=1500")
    assert "SLA from 90%" in html.text
    links = [link.get("href") for link in html.all("a")]
    assert "?region=us-east&amount=1500&share=80" in links
    assert "?amount=1500&sla=90&share=80" in links
    assert "Clear all" in html.text


def test_filters_read_numbers_in_the_readers_style(ranked: Network, reader: Client) -> None:
    reader.cookies["numbers"] = "comma"
    html = read(reader, "/?capacity=2.000,50&amount=1000.500000")
    field = {one.get("name"): one for one in html.all("input")}
    assert field["capacity"]["value"] == "2000,5"
    assert field["amount"]["value"] == "1000,5"
    assert "APR for 1.000 IFM" in html.text


def test_a_node_without_delegations_shows_the_apr_of_a_first_one(ranked: Network, reader: Client) -> None:
    html = read(reader, "/?q=beta").text
    assert "first delegation" in html
    # Of Beta's mean reward a twelfth is earned by the first 1,000 IFM: 10,000 its own, 1,000 delegated.
    pasts = pasts_of([Node.objects.get(address=node_address(2)).id], epoch=3)
    (past,) = pasts.values()
    apr = project(DEFAULTS, past, held=0, amount=1_000_000_000).apr_bps
    assert apr is not None
    assert f"{apr // 10 / 10:,.1f}%" in html


def test_the_apr_of_a_first_delegation_counts_in_order_and_filter(ranked: Network, reader: Client) -> None:
    (past,) = pasts_of([Node.objects.get(address=node_address(2)).id], epoch=3).values()
    beta = project(DEFAULTS, past, held=0, amount=1_000_000_000).apr_bps
    assert beta is not None
    assert "Beta" in names(reader, f"/?apr={beta / 100:.2f}")
    assert "Beta" not in names(reader, f"/?apr={(beta + 1) / 100:.2f}")
    alpha = Client().get(f"/api/v1/nodes/{node_address(1)}").json()["estimated_apr_bps"]
    first = ["Alpha", "Beta"] if alpha > beta else ["Beta", "Alpha"]
    assert names(reader, "/?sort=-apr") == [*first, "Gamma"]
    assert names(reader, "/?sort=apr") == ["Gamma", *reversed(first)]


def test_the_apr_for_an_amount_stands_beside_that_of_the_last_epochs(ranked: Network, reader: Client) -> None:
    html = read(reader, "/?amount=500&q=alpha")
    assert "APR for 500 IFM" in html.text
    assert "30 epochs" in html.text
    assert f"/nodes/{node_address(1)}/?amount=500#delegate" in [link.get("href") for link in html.all("a")]


def test_pages_end_with_a_404(ranked: Network, reader: Client) -> None:
    assert reader.get("/?page=2").status_code == 404


def test_filters_that_exclude_all_offer_a_way_back(ranked: Network, reader: Client) -> None:
    html = read(reader, "/?tier=1")
    assert "No node matches these filters" in html.text
    assert {"href": "/", "class": "btn"} in html.all("a")


def test_an_empty_list_says_which_filter_keeps_nodes_out(ranked: Network, reader: Client) -> None:
    html = read(reader, "/?q=gamma&tier=3&region=us-east")
    assert "Filters: “gamma”, Tier 3, US East." in html.text
    assert "Without “gamma”: 1 node" in html.text
    assert {"href": "?tier=3&region=us-east"} in html.all("a")
    assert "Without Tier 3" not in html.text


def test_pages_cut_the_list_and_keep_the_question(network: Network, reader: Client) -> None:
    for number in range(1, 30):
        network.node(number, name=f"n{number:02}")
    first = read(reader, "/?sort=name")
    assert "1 to 25 of 29" in first.text
    assert {"href": "?sort=name&page=2"}.items() <= next(
        a for a in first.all("a") if a.get("href", "").endswith("page=2")
    ).items()
    assert "26 to 29 of 29" in read(reader, "/?sort=name&page=2").text
    assert "1 to 29 of 29" in read(reader, "/?rows=50").text


def test_a_page_takes_at_most_eleven_queries_whatever_it_lists(network: Network, reader: Client) -> None:
    def queries(address: str) -> int:
        page_cache.clear()
        with CaptureQueriesContext(connection) as queries:
            assert reader.get(address).status_code == 200
        return len(queries)

    network.node(1)
    few = queries("/")
    for number in range(2, 40):
        network.node(number, own=100)
    network.settle()
    rank(now=network.now)
    assert few <= 11
    assert queries("/?rows=50") <= 11
    assert queries("/?sort=-stake&tier=0") <= 11
    assert queries("/?page=2") <= 11


def test_htmx_gets_the_list_alone(ranked: Network, reader: Client) -> None:
    part = reader.get("/", HTTP_HX_REQUEST="true").content.decode()
    assert part.lstrip().startswith('<div id="leaderboard"')
    assert "<html" not in part
    whole = reader.get("/", HTTP_HX_REQUEST="true", HTTP_HX_HISTORY_RESTORE_REQUEST="true").content.decode()
    assert "<html" in whole


def test_the_download_has_every_node_in_exact_units(ranked: Network, reader: Client) -> None:
    answer = reader.get("/?format=csv&sort=name")
    assert answer["Content-Type"].startswith("text/csv")
    assert 'filename="inframind-nodes.csv"' in answer["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.content.decode())))
    assert [row["name"] for row in rows] == ["Alpha", "Beta", "Gamma"]
    alpha = rows[0]
    assert alpha["node"] == checksum(node_address(1))
    assert alpha["operator"] == checksum(operator(1))
    assert alpha["self_stake_ifm"] == "1000.000000"
    assert alpha["delegated_ifm"] == "1000.000000"
    assert alpha["delegation_cap_ifm"] == "3000.000000"
    settled = dict(NodeEpoch.objects.filter(epoch=2).values_list("node__name", "reward"))
    assert {row["name"]: row["last_reward_ifm"] for row in rows} == {
        name: format_amount(reward) for name, reward in settled.items()
    }
    assert alpha["last_reward_ifm"] == "14779.041581"
    assert rows[2]["latency_ms"] == ""


def test_a_name_cannot_become_a_formula(network: Network, reader: Client) -> None:
    network.node(1, name='=HYPERLINK("http://evil")')
    line = reader.get("/?format=csv").content.decode().splitlines()[1]
    assert "'=HYPERLINK" in line


def test_the_chart_of_the_top_nodes_is_a_page_of_its_own_and_a_part(ranked: Network, reader: Client) -> None:
    whole = read(reader, "/top-nodes/")
    assert "Top nodes compared" in whole.text
    assert "Alpha" in whole.text
    assert reader.get("/field/").headers["location"] == "/top-nodes/"
    part = reader.get("/top-nodes/", HTTP_HX_REQUEST="true").content.decode()
    assert "<html" not in part
    assert re.findall(r'<script type="application/json" data-of="(\w+)"', part) == ["makeup"]
