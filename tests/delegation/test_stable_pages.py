"""The pages of one listing of a wallet or of a node's delegators are of one version."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.test import Client

from delegation.services.positions import delegate, undelegate
from delegation.services.redelegations import redelegate
from protocol.amounts import MICRO
from tests.network import Network
from tests.wallets import ANNA, OLGA, OTTO, Caller, address

FLEET = [address(f"f{number:02x}") for number in range(6)]
CROWD = [address(f"c{number:02x}") for number in range(7)]


def walk(path: str, between: Callable[[int], object] = lambda page: None) -> list[dict[str, Any]]:
    """The rows on all pages; `between` is called after each page."""
    rows: list[dict[str, Any]] = []
    following: str | None = f"/api/v1/{path}"
    page = 0
    while following:
        answer = Client().get(following)
        assert answer.status_code == 200, answer.content
        rows += answer.json()["results"]
        following = answer.json()["next"]
        page += 1
        between(page)
    return rows


def after_first(act: Callable[[], object]) -> Callable[[int], object]:
    return lambda page: act() if page == 1 else None


def fleet(net: Network) -> None:
    for node in FLEET:
        net.node(node, OLGA, 1_000)
    net.fund(ANNA, 10_000)


def test_the_largest_delegator_of_the_next_page_is_not_hidden_by_a_delegation(net: Network) -> None:
    net.node(FLEET[0], OLGA, 10_000)
    for number, wallet in enumerate(CROWD):
        net.fund(wallet, 5_000)
        delegate(node=FLEET[0], amount=(700 - 100 * number) * MICRO, wallet=wallet, now=net.now)

    def jump() -> None:
        delegate(node=FLEET[0], amount=1_000 * MICRO, wallet=CROWD[5], now=net.now)
        undelegate(node=FLEET[0], amount=None, wallet=CROWD[6], now=net.now)

    rows = walk(f"nodes/{FLEET[0]}/delegations?limit=2", after_first(jump))
    # Who left before its page was read is not there any more; nobody else is missing or doubled.
    assert [row["wallet"].lower() for row in rows] == CROWD[:6]


def test_a_wallet_s_delegations_stay_in_the_order_of_nodes(net: Network) -> None:
    fleet(net)
    for node in FLEET[::2]:
        delegate(node=node, amount=10 * MICRO, wallet=ANNA, now=net.now)

    def move() -> None:
        undelegate(node=FLEET[0], amount=None, wallet=ANNA, now=net.now)
        delegate(node=FLEET[5], amount=10 * MICRO, wallet=ANNA, now=net.now)

    rows = walk(f"wallets/{ANNA}/delegations?limit=2", after_first(move))
    assert [row["node"].lower() for row in rows] == [FLEET[0], FLEET[2], FLEET[4], FLEET[5]]


def test_an_unbonding_that_is_cancelled_hides_none_behind_it(net: Network) -> None:
    fleet(net)
    for node in FLEET:
        delegate(node=node, amount=10 * MICRO, wallet=ANNA, now=net.now)
    for node in FLEET:
        net.set_clock(net.now + timedelta(seconds=1))
        undelegate(node=node, amount=None, wallet=ANNA, now=net.now)
    entries = [row["id"] for row in walk(f"wallets/{ANNA}/unbondings")]

    def leave() -> None:
        assert Caller(ANNA).post(f"unbondings/{entries[0]}/cancel").status_code == 200

    rows = walk(f"wallets/{ANNA}/unbondings?limit=2&status=open", after_first(leave))
    assert [row["id"] for row in rows] == entries


def test_a_redelegation_recorded_meanwhile_doubles_none(net: Network) -> None:
    fleet(net)
    delegate(node=FLEET[0], amount=100 * MICRO, wallet=ANNA, now=net.now)
    net.settle()
    made = [
        redelegate(source=FLEET[0], target=node, amount=MICRO, wallet=ANNA, now=net.now).pk
        for node in FLEET[1:]
    ]

    def again() -> None:
        redelegate(source=FLEET[0], target=FLEET[1], amount=MICRO, wallet=ANNA, now=net.now)

    rows = walk(f"wallets/{ANNA}/redelegations?limit=2", after_first(again))
    assert [row["id"] for row in rows] == made[::-1]


def test_an_epoch_that_is_settled_meanwhile_doubles_no_reward(net: Network) -> None:
    net.node(FLEET[0], OLGA, 1_000)
    net.node(FLEET[1], OTTO, 1_000)
    net.fund(ANNA, 1_000)
    for node in FLEET[:2]:
        delegate(node=node, amount=100 * MICRO, wallet=ANNA, now=net.now)
    net.settle()
    for _ in range(3):
        net.settle(worked=FLEET[:2])
    rows = walk(f"wallets/{ANNA}/rewards?limit=1", after_first(lambda: net.settle(worked=FLEET[:2])))
    assert [(row["epoch"], row["node"].lower()) for row in rows] == [
        (epoch, node) for epoch in (4, 3, 2) for node in FLEET[:2]
    ]


def test_a_movement_posted_meanwhile_is_the_last_of_the_statement(net: Network) -> None:
    fleet(net)
    for node in FLEET[:3]:
        delegate(node=node, amount=10 * MICRO, wallet=ANNA, now=net.now)
    rows = walk(
        f"wallets/{ANNA}/statement?limit=2",
        after_first(lambda: delegate(node=FLEET[3], amount=10 * MICRO, wallet=ANNA, now=net.now)),
    )
    assert [row["amount"] for row in rows] == ["10000.000000", *["-10.000000"] * 4]
    assert len({row["transaction"] for row in rows}) == 5
