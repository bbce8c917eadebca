from __future__ import annotations

from django.test import Client

from tests.network import Network


def test_an_empty_network_says_what_will_be_here(db: None, page: Client) -> None:
    answer = page.get("/")
    assert answer.status_code == 200
    assert "No nodes yet" in answer.content.decode()


def test_nodes_are_listed(network: Network, page: Client) -> None:
    first = network.node(1, own=1000)
    network.work(first)
    network.settle()
    answer = page.get("/")
    assert answer.status_code == 200
    text = answer.content.decode()
    assert "node 1" in text
    assert page.get("/epochs/").status_code == 200
    assert page.get("/epochs/1/").status_code == 200
    assert page.get("/epochs/2/").status_code == 200
    assert page.get(f"/nodes/{first}/").status_code == 200
