"""Money in three steps: enter, review, done; whatever is sent twice is done once."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import connection
from django.test import Client

from delegation.models import Redelegation
from identity.models import User
from ledger.models import Transaction
from staking.models import Epoch, Unbonding
from staking.services import clock
from tests.network import Network
from tests.staking.pages.reading import Markup
from tests.wallets import ANNA, BELA, NORTH, OLGA, OTTO, SOUTH, shown
from web.form_idempotency import prune
from web.formatting import moment_text
from web.models import FormKey

KEY = re.compile(r'name="key" value="([0-9a-f]{32})"')
FIELD = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)">')


def review(client: Client, action: str, **fields: str) -> tuple[str, dict[str, str]]:
    """The review's page and the form that its button sends."""
    answer = client.get(f"/money/{action}/review/", fields, follow=True)
    assert answer.status_code == 200, answer.content.decode()
    page = answer.content.decode()
    return page, dict(FIELD.findall(page[page.index("data-once") :]))


def confirm(client: Client, action: str, **fields: str) -> str:
    """Through the review to the result; its page."""
    _, form = review(client, action, **fields)
    answer = client.post(f"/money/{action}/review/", form)
    assert answer.status_code == 303, answer.content.decode()
    return client.get(answer["Location"]).content.decode()


def test_delegating_in_three_steps(net, sign_in):
    net.node(NORTH, OLGA, 1_000)
    net.fund(ANNA, 2_000)
    anna = sign_in(ANNA)

    entered = anna.get("/money/delegate/", {"node": shown(NORTH), "amount": "1500"}).content.decode()
    for words in ("Available", "Max, 2,000.00", "At least 1.00 IFM", "Earns from", "epoch 2"):
        assert words in entered

    page, form = review(anna, "delegate", node=shown(NORTH), amount="1500.000")
    for words in (
        "Delegate 1,500.00 IFM to Node 01",
        "Available afterwards",
        "epoch 2, 6 Jan 00:00 UTC",
        "7 days unbonding",
        "10% to 50%: 150.00 to 750.00 IFM",
        f"infra delegate --node {shown(NORTH)} --amount 1500",
    ):
        assert words in page
    assert form["amount"] == "1500"
    assert net.figures(ANNA).available == 2_000_000_000

    answers = [anna.post("/money/delegate/review/", form) for _ in range(3)]
    assert {answer.status_code for answer in answers} == {303}
    assert net.figures(ANNA).delegated == 1_500_000_000
    assert "Delegated 1,500.00 IFM to Node 01" in anna.get(answers[0]["Location"]).content.decode()


def test_the_preview_comes_alone_while_one_types(net, sign_in):
    net.node(NORTH, OLGA, 1_000)
    net.fund(ANNA, 2_000)
    fields = {"node": NORTH, "amount": "1500"}
    part = sign_in(ANNA).get("/money/delegate/", fields, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part
    assert 'id="preview"' in part
    assert "Tier 1" in part
    assert "Tier 2" in part
    part = (
        sign_in(ANNA)
        .get("/money/delegate/", {**fields, "amount": "2000.1"}, headers={"HX-Request": "true"})
        .content.decode()
    )
    assert "insufficient_balance" in part
    assert Transaction.objects.filter(kind="delegate").count() == 0


def test_every_act_goes_through_to_its_result(net, sign_in, caller):
    net.node(NORTH, OLGA, 1_000)
    net.node(SOUTH, OTTO, 1_000)
    net.fund(ANNA, 2_000)
    net.fund(OLGA, 500)
    anna, olga = sign_in(ANNA), sign_in(OLGA)
    confirm(anna, "delegate", node=NORTH, amount="1500")
    confirm(olga, "stake", node=NORTH, amount="100")
    net.settle()
    net.settle(worked=[NORTH])

    assert "IFM from Node 01" in confirm(anna, "undelegate", node=NORTH, amount="500")
    assert "IFM from Node 01" in confirm(olga, "unstake", node=NORTH, amount="all")
    (left, own) = Unbonding.objects.order_by("id")
    assert "are back on Node 01" in confirm(anna, "cancel", entry=str(left.pk))
    assert "are back on Node 01" in confirm(olga, "cancel", entry=str(own.pk))
    assert "Compounded" in confirm(anna, "compound", node=NORTH)
    assert "will move from Node 01 to Node 02" in confirm(
        anna, "redelegate", node=NORTH, to=shown(SOUTH), amount="200"
    )
    assert Redelegation.objects.get().amount == 200_000_000
    confirm(anna, "undelegate", node=NORTH, amount="100")
    for _ in range(8):
        net.settle(worked=[NORTH, SOUTH])
    assert "Claimed" in confirm(anna, "claim", node=NORTH)
    page = confirm(olga, "claim-all")
    assert "Node 01" in page
    assert "Paid 100.00 IFM to your wallet" in confirm(
        anna, "withdraw", entry=str(Unbonding.objects.get(status="open").pk)
    )
    net.settle(worked=[NORTH, SOUTH])
    assert "Compounded" in confirm(anna, "compound-all")
    wallet = net.figures(ANNA)
    assert wallet.total == wallet.available + wallet.delegated


def test_a_refusal_stands_at_its_field_with_what_to_do(net, sign_in):
    net.node(NORTH, OLGA, 1_000, delegation_cap=100_000_000)
    net.node(SOUTH, OTTO, 1_000)
    net.fund(ANNA, 500)
    anna = sign_in(ANNA)
    for fields, status, code in (
        ({"amount": "100.5"}, 409, "delegation_cap_exceeded"),
        ({"amount": "0.5"}, 400, "amount_too_small"),
        ({"amount": "ten"}, 400, "amount_invalid"),
        ({"amount": "all"}, 400, "amount_invalid"),
        ({"amount": ""}, 400, "amount_invalid"),
        ({}, 400, "amount_invalid"),
    ):
        answer = anna.get("/money/delegate/review/", {"node": NORTH, **fields})
        assert answer.status_code == status
        assert code in answer.content.decode()
    full = anna.get("/money/delegate/review/", {"node": NORTH, "amount": "200"}).content.decode()
    assert "Delegate the remaining 100.00 IFM" in full
    answer = anna.get("/money/redelegate/review/", {"node": SOUTH, "amount": "1"})
    assert "Choose the node" in answer.content.decode()
    answer = anna.get("/money/claim-all/review/")
    assert answer.status_code == 409
    assert "nothing_to_claim" in answer.content.decode()


def test_what_is_not_mine_is_not_found(net, sign_in, caller):
    net.node(NORTH, OLGA, 1_000)
    net.fund(ANNA, 500)
    anna, bela = sign_in(ANNA), sign_in(BELA)
    confirm(anna, "delegate", node=NORTH, amount="100")
    confirm(anna, "undelegate", node=NORTH, amount="100")
    entry = str(Unbonding.objects.get().pk)
    key = FormKey.objects.first().key
    assert anna.get(f"/money/done/{key}/").status_code == 200
    assert bela.get(f"/money/done/{key}/").status_code == 404
    for action in ("cancel", "withdraw"):
        assert bela.get(f"/money/{action}/review/", {"entry": entry}).status_code == 404
        assert bela.post(f"/money/{action}/review/", {"entry": entry, "key": "0" * 32}).status_code == 404
    for path in (
        "/money/steal/",
        "/money/steal/review/",
        "/money/delegate/",
        "/money/cancel/review/?entry=x",
    ):
        assert anna.get(path).status_code == 404


def test_a_key_stands_for_one_thing(net, sign_in):
    net.node(NORTH, OLGA, 1_000)
    net.fund(ANNA, 500)
    net.fund(BELA, 500)
    anna = sign_in(ANNA)
    _, form = review(anna, "delegate", node=NORTH, amount="10")
    assert anna.post("/money/delegate/review/", form).status_code == 303
    other = anna.post("/money/delegate/review/", {**form, "amount": "20"})
    assert other.status_code == 409
    assert "idempotency_conflict" in other.content.decode()
    assert anna.post("/money/undelegate/review/", form).status_code == 409
    for key in ("", "short", "G" * 32):
        assert anna.post("/money/delegate/review/", {**form, "key": key}).status_code == 400
    # Another wallet's key is another key.
    assert sign_in(BELA).post("/money/delegate/review/", form).status_code == 303
    assert net.figures(ANNA).delegated == net.figures(BELA).delegated == 10_000_000


def test_a_refused_form_may_be_sent_again(net, sign_in):
    net.node(NORTH, OLGA, 1_000)
    net.fund(ANNA, 50)
    anna = sign_in(ANNA)
    _, form = review(anna, "delegate", node=NORTH, amount="50")
    confirm(anna, "delegate", node=NORTH, amount="20")
    refused = anna.post("/money/delegate/review/", form)
    assert refused.status_code == 409
    assert not FormKey.objects.filter(key=form["key"]).exists()
    net.fund(ANNA, 20)
    assert anna.post("/money/delegate/review/", form).status_code == 303
    assert net.figures(ANNA).delegated == 70_000_000


def test_whoever_comes_back_to_a_review_finds_the_act_done(net, sign_in):
    net.node(NORTH, OLGA, 1_000)
    net.fund(ANNA, 500)
    anna = sign_in(ANNA)
    there = anna.get("/money/delegate/review/", {"node": NORTH, "amount": "100"})
    assert there.status_code == 302
    where = f"/money/delegate/review/{there['Location']}"
    form = dict(FIELD.findall(anna.get(where).content.decode()))
    assert form["key"] in where
    assert KEY.search(anna.get(where).content.decode())[1] == form["key"]
    done = anna.post("/money/delegate/review/", form)["Location"]
    again = anna.get(where)
    assert (again.status_code, again["Location"]) == (302, done)
    # Somebody else's key says nothing, and the next review is a new one.
    assert sign_in(BELA).get(where).status_code == 409
    _, fresh = review(anna, "delegate", node=NORTH, amount="100")
    assert fresh["key"] != form["key"]


def test_a_review_takes_nothing_and_a_get_acts_never(net, sign_in):
    net.node(NORTH, OLGA, 1_000)
    net.fund(ANNA, 500)
    before = Transaction.objects.count()
    anna = sign_in(ANNA)
    for _ in range(3):
        review(anna, "delegate", node=NORTH, amount="500")
    assert Transaction.objects.count() == before
    assert net.figures(ANNA).available == 500_000_000
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(User.objects.get(address=ANNA))
    _, form = review(anna, "delegate", node=NORTH, amount="500")
    assert strict.post("/money/delegate/review/", form).status_code == 403


@pytest.mark.django_db(transaction=True)
def test_eight_confirmations_at_once_act_once(settings):
    settings.INFRAMIND_RATE_LIMITS = False
    net = Network(site=True)
    net.node(NORTH, OLGA, 1_000)
    net.fund(ANNA, 1_000)
    user = User.objects.create(address=ANNA)
    client = Client()
    client.force_login(user)
    _, form = review(client, "delegate", node=NORTH, amount="100")
    start = Barrier(8)

    def send(_: int) -> tuple[int, str]:
        try:
            mine = Client()
            mine.cookies = client.cookies
            start.wait()
            answer = mine.post("/money/delegate/review/", form)
            return answer.status_code, answer.get("Location", "")
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        answers = set(pool.map(send, range(8)))
    assert answers == {(303, f"/money/done/{form['key']}/")}
    assert Transaction.objects.filter(kind="delegate").count() == 1
    assert net.figures(ANNA).delegated == 100_000_000


def test_old_forms_are_forgotten_and_their_effect_stays(net, sign_in):
    net.node(NORTH, OLGA, 1_000)
    net.fund(ANNA, 100)
    confirm(sign_in(ANNA), "delegate", node=NORTH, amount="10")
    prune(now=net.now + timedelta(days=89))
    assert FormKey.objects.count() == 1
    prune(now=net.now + timedelta(days=91))
    assert FormKey.objects.count() == 0
    assert net.figures(ANNA).delegated == 10_000_000


def test_what_waits_for_a_late_settlement_names_no_moment_that_has_passed(net, sign_in):
    net.node(NORTH, OLGA, 1_000)
    net.fund(ANNA, 2_000)
    ask = f"/money/delegate/?node={NORTH}&amount=100"
    before = Markup(sign_in(ANNA).get(ask).content.decode()).text
    running = Epoch.objects.get(status="open")
    Epoch.objects.filter(number=running.number).update(end=clock.now() - timedelta(hours=1))
    after = Markup(sign_in(ANNA).get(ask).content.decode()).text
    assert f"Earns from epoch {running.number + 1}, {moment_text(running.end)}" in before
    assert f"Earns from epoch {running.number + 1}, as soon as it opens" in after
