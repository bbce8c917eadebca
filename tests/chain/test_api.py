"""Anchors of epochs and the state of the chain in the API."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from chain.models import Anchor, Attempt, ChainStatus, Deposit, MirrorCursor
from chain.selectors import PENDING_DEPOSITS_KEY, PendingDeposit
from protocol.addresses import checksum
from tests.chain.anchoring.network import root, settle

SETTLEMENT, TOKEN, ORACLE = ("0x" + digits * 20 for digits in ("c1", "c2", "c3"))
NOW = datetime(2026, 1, 2, tzinfo=UTC)

pytestmark = pytest.mark.django_db


@pytest.fixture
def configured(settings: Any) -> None:
    settings.INFRAMIND_CHAIN_RPC = ("http://127.0.0.1:9",)
    settings.INFRAMIND_CHAIN_SETTLEMENT = SETTLEMENT
    settings.INFRAMIND_CHAIN_TOKEN = TOKEN
    settings.INFRAMIND_CHAIN_CONFIRMATIONS = 12


def anchor(epoch: int, block: int, *, final: bool = False) -> None:
    Anchor.objects.create(
        epoch=epoch, state="final" if final else "mined", transaction=root(epoch), block=block, block_hash=root(99),
        mined_at=NOW, final_at=NOW if final else None,
    )  # fmt: skip


def attempt(epoch: int, number: int, max_fee: int) -> None:
    Attempt.objects.create(
        epoch=epoch, account=ORACLE, nonce=epoch, hash=root(1000 + number), raw=b"", tip=1, max_fee=max_fee,
        gas=60_000, head=100, created_at=NOW,
    )  # fmt: skip


def seen(**fields: Any) -> None:
    values: dict[str, Any] = {"head": 110, "last_epoch": 2, "oracle": ORACLE, "seen_at": NOW, "emitted": 5}
    ChainStatus.objects.create(**{**values, **fields})


def get(path: str) -> Any:
    answer = Client().get(f"/api/v1/{path}")
    assert answer.status_code == 200
    return answer.json()


@pytest.mark.usefixtures("configured")
def test_an_epoch_shows_its_anchor() -> None:
    settle(1, 4)
    anchor(1, 90, final=True)
    anchor(2, 107)
    attempt(3, 1, 10**9)
    attempt(3, 2, 2 * 10**9)
    seen()
    anchors = {epoch["number"]: epoch["anchor"] for epoch in get("epochs")["results"]}
    assert anchors[1] == {
        "state": "final", "transaction": root(1), "block": 90, "confirmations": 12, "required": 12, "reason": None,
        "attempts": 0, "max_fee": "0",
    }  # fmt: skip
    assert anchors[2] == {
        **anchors[1],
        "state": "mined",
        "transaction": root(2),
        "block": 107,
        "confirmations": 4,
    }
    assert anchors[3] == {
        "state": "submitted", "transaction": root(1002), "block": None, "confirmations": 0, "required": 12,
        "reason": None, "attempts": 2, "max_fee": "2000000000",
    }  # fmt: skip
    assert anchors[4]["state"] == "waiting"
    assert anchors[4]["transaction"] is None
    assert get("epochs/2")["anchor"] == anchors[2]


@pytest.mark.usefixtures("configured")
def test_the_reason_of_a_halt_stands_at_the_epochs_that_are_not_final() -> None:
    settle(1, 3)
    anchor(1, 90, final=True)
    anchor(2, 107)
    seen(problem="paused", problem_since=NOW)
    reasons = {epoch["number"]: epoch["anchor"]["reason"] for epoch in get("epochs")["results"]}
    sentence = "The settlement contract is paused."
    assert reasons == {1: None, 2: sentence, 3: sentence}
    assert get("chain")["halted"] == {
        "code": "paused", "reason": sentence, "action": "The owner of the contract can resume it.",
    }  # fmt: skip


@pytest.mark.usefixtures("configured")
def test_the_chain_shows_its_contracts_and_how_far_it_is() -> None:
    settle(1, 4)
    anchor(1, 90, final=True)
    anchor(2, 107)
    seen(
        problem="unreachable",
        problem_data={"detail": "x did not answer"},
        problem_since=NOW,
        provable_epoch=1,
    )
    chain = get("chain")
    assert chain.pop("supply")["adds_up"]
    assert chain == {
        "configured": True, "chain_id": 31337, "settlement": checksum(SETTLEMENT), "token": checksum(TOKEN),
        "oracle": checksum(ORACLE), "last_anchored": 2, "last_final": 1, "provable_epoch": 1,
        "emitted": "0.000005", "waiting": 2, "required": 12, "head": 110, "seen_at": "2026-01-02T00:00:00Z",
        "halted": None, "deposits": None,
        "problem": {
            "code": "unreachable", "reason": "The node does not answer: x did not answer.",
            "action": "Wait, or name another node in INFRAMIND_CHAIN_RPC.",
        },
    }  # fmt: skip


@pytest.mark.usefixtures("configured")
def test_a_chain_that_was_not_seen_yet() -> None:
    settle(1, 2)
    chain = get("chain")
    assert (chain["last_anchored"], chain["waiting"], chain["head"], chain["oracle"]) == (None, 2, None, None)


def test_without_a_chain_the_anchor_is_off() -> None:
    settle(1, 1)
    assert get("epochs/1")["anchor"] == {
        "state": "off", "transaction": None, "block": None, "confirmations": 0, "required": 0, "reason": None,
        "attempts": 0, "max_fee": "0",
    }  # fmt: skip
    chain = get("chain")
    assert (chain["configured"], chain["waiting"]) == (False, 0)
    assert chain.keys() >= {"chain_id", "settlement", "token", "oracle", "last_anchored", "halted"}


@pytest.mark.usefixtures("configured")
def test_epochs_before_the_contract_began_are_never_anchored() -> None:
    settle(1, 3)
    seen(first_epoch=3, last_epoch=2)
    assert [epoch["anchor"]["state"] for epoch in get("epochs")["results"]] == ["waiting", "off", "off"]
    assert get("chain")["waiting"] == 1


@pytest.mark.usefixtures("configured")
def test_a_list_of_epochs_costs_as_many_queries_as_one(django_assert_max_num_queries: Any) -> None:
    settle(1, 30)
    seen()
    with django_assert_max_num_queries(8):
        assert len(get("epochs")["results"]) == 30


@pytest.mark.usefixtures("configured")
def test_deposits_of_a_wallet_are_listed_with_those_that_wait() -> None:
    wallet, other = "0x" + "a1" * 20, "0x" + "a2" * 20
    for index, owner in enumerate((wallet, other, wallet)):
        Deposit.objects.create(
            index=index, wallet=owner, amount=1_500_000 + index, transaction=root(index), log_index=0, block=90,
            posting=index + 70, credited_at=NOW,
        )  # fmt: skip
    seen()
    waiting = [PendingDeposit(2, wallet, 1_500_002, root(2), 90), PendingDeposit(3, wallet, 7, root(3), 108)]
    cache.set(PENDING_DEPOSITS_KEY, waiting)
    first, second, third = get(f"wallets/{wallet}/deposits")["results"]
    assert first == {
        "index": 3, "amount": "0.000007", "status": "pending", "transaction": root(3), "block": 108,
        "confirmations": 3, "required": 12, "credited_at": None, "ledger_transaction": None,
    }  # fmt: skip
    assert second == {
        "index": 2, "amount": "1.500002", "status": "credited", "transaction": root(2), "block": 90,
        "confirmations": 12, "required": 12, "credited_at": "2026-01-02T00:00:00Z", "ledger_transaction": 72,
    }  # fmt: skip
    assert third["index"] == 0
    page = get(f"wallets/{wallet}/deposits?limit=1")
    assert page["results"] == [first]
    assert get(page["next"].partition("/api/v1/")[2])["results"] == [second]
    cache.delete(PENDING_DEPOSITS_KEY)


@pytest.mark.usefixtures("configured")
def test_the_chain_shows_how_far_deposits_were_read_and_why_not() -> None:
    MirrorCursor.objects.create(
        token=TOKEN, block=98, block_hash=root(1), lock_head=root(2), count=4, problem="deposits_unproven",
        problem_data={"host": "node.example", "listed": 4, "expected": 5}, problem_since=NOW,
    )  # fmt: skip
    deposits = get("chain")["deposits"]
    assert (deposits["credited"], deposits["block"]) == (4, 98)
    assert deposits["problem"]["reason"] == (
        "The deposits that the node at node.example lists do not make the token contract's own hash: "
        "4 were listed, and 5 were made."
    )
