"""Take IFM out on the pages: preview, review, result, and the transactions that release it (R55)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from chain.models import ChainStatus
from protocol.amounts import MICRO
from staking.models import Exit
from staking.services.exits import request_exit
from tests.chain.deposits import mirrored
from tests.network import Network
from tests.wallets import ANNA, shown

SignIn = Callable[[str], Client]
TOKEN = "0x" + "70" * 20


@pytest.fixture
def funded(net: Network, settings: Any) -> Network:
    settings.INFRAMIND_CHAIN_RPC = ("http://user:secret@127.0.0.1:1",)
    settings.INFRAMIND_CHAIN_TOKEN = TOKEN
    mirrored(wallet=ANNA, amount=1_000 * MICRO, index=0, now=net.now)
    return net


def test_an_exit_is_previewed_reviewed_and_done(funded: Network, sign_in: SignIn) -> None:
    anna = sign_in(ANNA)
    assert "Take IFM out" in anna.get("/portfolio/").content.decode()
    page = anna.get("/money/exit/", {"amount": "300.5"}).content.decode()
    assert "699.50" in page
    assert "when epoch 1 is settled" in page
    assert "epoch 2 at the earliest" in page
    review = anna.get("/money/exit/review/", {"amount": "300.5"}, follow=True)
    text = review.content.decode()
    assert "infra exit --amount 300.5" in " ".join(text.replace("<span>", "").replace("</span>", "").split())
    assert "cannot be cancelled" in text
    key = dict(review.context["fields"])["key"]
    done = anna.post("/money/exit/review/", {"amount": "300.5", "key": key}, follow=True)
    assert f"/wallets/{ANNA}/exits/" in done.content.decode()
    again = anna.post("/money/exit/review/", {"amount": "300.5", "key": key}, follow=True)
    assert again.status_code == 200
    assert Exit.objects.get().amount == 300_500_000


def test_too_much_is_refused_at_the_amount(funded: Network, sign_in: SignIn) -> None:
    answer = sign_in(ANNA).get("/money/exit/review/", {"amount": "1000.000001"}, follow=True)
    assert answer.status_code == 409
    assert "You have 1,000.00 IFM available." in answer.content.decode()


def test_a_network_without_a_chain_offers_no_exit(net: Network, sign_in: SignIn) -> None:
    net.fund(ANNA, 10)
    anna = sign_in(ANNA)
    assert "Take IFM out" not in anna.get("/portfolio/").content.decode()
    answer = anna.get("/money/exit/review/", {"amount": "1"}, follow=True)
    assert answer.status_code == 404
    assert "not on a chain" in answer.content.decode()
    assert "It cannot be taken out." in anna.get(f"/wallets/{ANNA}/exits/").content.decode()


def test_anyone_sees_the_transactions_once_the_proof_is_accepted(funded: Network, sign_in: SignIn) -> None:
    anna = sign_in(ANNA)
    review = anna.get("/money/exit/review/", {"amount": "5"}, follow=True)
    key = dict(review.context["fields"])["key"]
    anna.post("/money/exit/review/", {"amount": "5", "key": key})
    page = f"/wallets/{ANNA}/exits/"
    assert "It leaves when epoch 1 is settled" in Client().get(page).content.decode()
    funded.settle()
    assert "waits to be anchored" in Client().get(page).content.decode()
    ChainStatus.objects.create(last_epoch=2, provable_epoch=1)
    text = Client().get(page).content.decode()
    assert "Unlock what was taken out" in text
    assert "Mint what was earned" not in text
    assert f"cast send {shown(TOKEN)}" in text
    assert "secret" not in text


def test_a_page_of_exits_takes_as_many_queries_for_twenty_as_for_two(
    funded: Network, sign_in: SignIn, django_assert_max_num_queries: Any
) -> None:
    for _ in range(10):
        request_exit(wallet=ANNA, amount=MICRO, now=funded.now)
        request_exit(wallet=ANNA, amount=MICRO, now=funded.now)
        funded.settle()
    with django_assert_max_num_queries(18):
        assert Client().get(f"/wallets/{ANNA}/exits/").status_code == 200
    assert Client().get("/wallets/0x12/exits/").status_code == 404
