"""An executed slash shows where its epoch stands on the chain: in the API, in notifications and in statements (R52)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from chain.models import Anchor, Attempt, ChainStatus
from notifications import inbox
from tests.chain.anchoring.network import root
from tests.network import Network, node_address, wallet
from tests.shared_rows import shared

NODE, ALICE = node_address(1), wallet(1)
NOW = datetime(2026, 1, 2, tzinfo=UTC)

pytestmark = pytest.mark.django_db


@shared
def network() -> Network:
    """A slash of epoch 2 that epoch 3 executed; epoch 1 paid rewards, and epoch 4 executed another one."""
    net = Network()
    net.node(1, own=2_000)
    net.delegate(NODE, 1, 1_000)
    net.settle()
    for proof in ("valid", "invalid", "invalid"):
        net.work(NODE, 20)
        net.work(NODE, 1, proof=proof)
        net.settle()
    net.settle()
    return net


@pytest.fixture(autouse=True)
def chain(network: Network, settings: Any) -> None:
    """Epoch 4 is mined, epoch 5 sent; both executed a slash."""
    settings.INFRAMIND_CHAIN_RPC = ("http://127.0.0.1:9",)
    settings.INFRAMIND_CHAIN_SETTLEMENT = "0x" + "c1" * 20
    settings.INFRAMIND_CHAIN_CONFIRMATIONS = 12
    Anchor.objects.create(
        epoch=4, state="mined", transaction=root(4), block=107, block_hash=root(9), mined_at=NOW
    )
    Attempt.objects.create(
        epoch=5, account="0x" + "c3" * 20, nonce=5, hash=root(5), raw=b"", tip=1, max_fee=1_500_000_000, gas=60_000,
        head=110, created_at=NOW,
    )  # fmt: skip
    ChainStatus.objects.create(head=110, last_epoch=4, seen_at=NOW)


def get(path: str) -> Any:
    return Client().get(f"/api/v1/{path}").json()


def test_a_slash_of_the_api_has_the_anchor_of_the_epoch_that_executed_it(network: Network) -> None:
    for path in ("slashes", f"nodes/{NODE}/slashes"):
        rows = get(path)["results"]
        assert [(row["resolved_epoch"], row["anchor"]["state"]) for row in rows] == [
            (5, "submitted"),
            (4, "mined"),
        ]
        assert rows[1]["anchor"] == get("epochs/4")["anchor"]
        assert rows[1] == get(f"slashes/{rows[1]['id']}")


def test_a_slash_that_is_not_executed_has_no_anchor(network: Network) -> None:
    network.work(NODE, 1, proof="invalid")
    network.settle()
    assert get("slashes")["results"][0]["anchor"] is None


def test_a_list_of_slashes_costs_as_many_queries_as_one(
    network: Network, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(8):
        get("slashes?limit=50")


def test_a_notification_says_where_the_slash_stands_now(network: Network) -> None:
    def texts() -> list[str]:
        return [
            one.text for one in inbox.page(ALICE, limit=50, offset=0) if one.kind.name == "slash_executed"
        ]

    sent, mined = texts()
    assert sent.endswith(f"Its epoch was sent to the chain in transaction {root(5)}.")
    assert mined.endswith(f"Its epoch is on the chain in transaction {root(4)}, not final yet.")
    Attempt.objects.all().delete()
    Anchor.objects.update(state="final", final_at=NOW, transaction="")
    sent, mined = texts()
    assert sent.endswith("Its epoch waits to be anchored on the chain.")
    assert mined.endswith("Its epoch is final on the chain.")


def test_without_a_chain_a_notification_does_not_speak_of_it(network: Network, settings: Any) -> None:
    settings.INFRAMIND_CHAIN_RPC = ()
    assert not any("chain" in one.text for one in inbox.page(ALICE, limit=50, offset=0))
    assert get("slashes")["results"][0]["anchor"]["state"] == "off"


def test_lines_of_slashes_and_rewards_say_where_their_epoch_stands(network: Network) -> None:
    page = Client().get(f"/wallets/{ALICE}/statement/").content.decode()
    why, moves = page.split('id="why"')[1].split('id="movements"')
    # Epoch 2 paid rewards; the chain begins with it and has none before epoch 4.
    assert "waits for the chain" in why
    assert "on the chain, 4 of 12 confirmations" in moves
    assert "sent to the chain" in moves
    assert root(4) in moves
    rows = get(f"wallets/{ALICE}/statement")["results"]
    assert [row["chain_transaction"] for row in rows if row["kind"] == "slash"] == [root(4), None]


def test_a_statement_costs_as_many_queries_with_many_lines(
    network: Network, django_assert_max_num_queries: Any, django_assert_num_queries: Any
) -> None:
    reader = Client()
    with django_assert_max_num_queries(40) as few:
        reader.get(f"/wallets/{ALICE}/statement/?from=2026-01-05")
    network.work(NODE, 20)
    network.settle()
    with django_assert_num_queries(len(few)):
        reader.get(f"/wallets/{ALICE}/statement/?from=2026-01-05")


def test_an_epoch_that_was_sent_shows_attempts_and_fee(network: Network) -> None:
    page = Client().get("/epochs/5/").content.decode()
    assert '<dt>Attempts</dt><dd class="im-num">1</dd>' in page
    assert '<dt>Highest fee, gwei per gas</dt><dd class="im-num">1.5</dd>' in page
