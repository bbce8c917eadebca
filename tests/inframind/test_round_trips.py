"""Round trips to the database of pages, endpoints and money actions: 20 ms to the database make each cost 20 ms.

The page cache is empty; the process has served the request before. docs/reliability.md has the table.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from identity.models import User
from identity.tokens import issue
from staking.models import Epoch
from staking.services.rankings import rank
from tests.network import Network, node_address, operator, wallet
from tests.round_trips import round_trips
from web import page_cache

pytestmark = pytest.mark.django_db(transaction=True)

NODE = f"/nodes/{node_address(2)}/"
DAY = timedelta(days=1)
REVIEW = f"/money/delegate/review/?node={node_address(2)}&amount=5&key={'1' * 32}"
# Who reads: "": nobody signed in, else a wallet.
PAGES = {
    ("", "/"): 7,
    ("", NODE): 8,
    ("", "/epochs/1/"): 11,
    ("", "/governance/"): 4,
    ("", f"/wallets/{wallet(1)}/"): 7,
    ("", "/parameters/"): 3,
    ("", "/slashes/1/"): 10,
    (wallet(1), "/"): 11,
    (wallet(1), NODE): 11,
    (wallet(1), "/portfolio/"): 9,
    (wallet(1), "/governance/"): 6,
    (wallet(1), "/inbox/"): 7,
    (wallet(1), f"/money/delegate/?node={node_address(2)}"): 7,
    (wallet(1), REVIEW): 12,
    (operator(2), "/operator/"): 11,
}
READS = {"me": 6, f"nodes/{node_address(2)}": 6}
CONFIRMATION = 10
ACTIONS = {"delegate": 10, "undelegate": 10, "claim": 10}


@pytest.fixture
def network() -> Network:
    """Five nodes with delegations, two settled epochs, one of which has an offence, and an epoch with work."""
    network = Network()
    for number in range(1, 6):
        network.node(number, own=1_000)
        network.delegate(node_address(number), 1, 100)
        network.work(node_address(number))
    network.settle()
    for number in range(1, 6):
        network.work(node_address(number), outcome="dropped" if number == 1 else "completed")
    network.settle()
    for number in range(1, 6):
        network.work(node_address(number))
        network.beat(node_address(number), range(10))
    # Of the present: an epoch that is overdue costs a checkpoint more (R13).
    Epoch.objects.filter(status="open").update(start=timezone.now() - DAY / 2, end=timezone.now() + DAY / 2)
    rank(now=network.now)
    network.fund(wallet(1), 5_000)
    return network


def trips(call: Callable[[], Any], *, warm: bool = True) -> int:
    if warm:
        call()
    cache.clear()
    page_cache.clear()
    with round_trips() as counted:
        answer = call()
    assert answer.status_code in (200, 201), answer.content[:300]
    return counted.trips


def signed_in(address: str) -> Client:
    client = Client()
    if address:
        client.force_login(User.objects.get_or_create(address=address)[0])
    return client


def test_pages_take_as_many_round_trips_as_the_table_says(network: Network) -> None:
    clients = {address: signed_in(address) for address, _ in PAGES}
    measured = {(who, path): trips(lambda c=clients[who], p=path: c.get(p)) for who, path in PAGES}  # type: ignore[misc]
    assert measured == PAGES


def test_a_confirmed_form_takes_as_many_round_trips_as_the_table_says(network: Network) -> None:
    client = signed_in(wallet(1))

    def confirm(key: str) -> Any:
        answer = client.post(
            f"{REVIEW.partition('?')[0]}", {"node": node_address(2), "amount": "5", "key": key * 32}
        )
        assert answer["Location"].startswith("/money/done/")
        return answer

    confirm("2")
    cache.clear()
    page_cache.clear()
    with round_trips() as counted:
        confirm("3")
    assert counted.trips == CONFIRMATION


def test_endpoints_take_as_many_round_trips_as_the_table_says(network: Network) -> None:
    secret, _ = issue(wallet=wallet(1), scope="write", now=timezone.now())
    client = Client(headers={"Authorization": f"Bearer {secret}"})
    assert {path: trips(lambda p=path: client.get(f"/api/v1/{p}")) for path in READS} == READS  # type: ignore[misc]

    def post(action: str, key: str, *, node: int = 2) -> Any:
        body = "" if action == "claim" else json.dumps({"amount": "5"})
        path, headers = f"/api/v1/nodes/{node_address(node)}/{action}", {"Idempotency-Key": key}
        return client.post(path, body, content_type="application/json", headers=headers)

    measured = {}
    for action in ACTIONS:
        post(action, "warm", node=3)
        measured[action] = trips(lambda a=action: post(a, "counted"), warm=False)  # type: ignore[misc]
    assert measured == ACTIONS


def test_a_cached_page_takes_one_round_trip(network: Network) -> None:
    client = Client()
    client.get("/")
    page_cache.recent.expire()
    with round_trips() as counted:
        assert client.get("/").status_code == 200
    assert counted.trips == 1
