"""Who is notified of what, and the pages of the inbox."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.utils import translation

from identity.models import User
from notifications import dispatch, inbox
from notifications.kinds import CATALOGUE
from notifications.models import Delivery, Subscription
from staking.models import Event
from staking.services import events, watchlist
from staking.services.unbondings import release_due
from tests.network import node_address, operator, wallet
from tests.notifications.site import ALL, confirmed

pytestmark = pytest.mark.django_db


def kinds_of(address: str) -> list[str]:
    return [notification.kind.name for notification in inbox.page(address, limit=50, offset=0)]


def test_operator_and_delegators_are_notified_of_a_slash_and_strangers_are_not(net):
    net.settle()
    assert kinds_of(operator(1)) == kinds_of(wallet(1)) == ["slash_pending"]
    assert kinds_of(wallet(2)) == []
    assert "node 1" in inbox.page(wallet(1), limit=1, offset=0)[0].text


def test_who_joins_later_does_not_hear_of_what_was_before(net):
    net.settle(2)
    net.delegate(node_address(1), 3, 10)
    assert kinds_of(wallet(3)) == []


def test_a_refund_concerns_its_wallet_alone(net):
    net.delegate(node_address(1), 4, 25)
    net.settle()
    assert kinds_of(wallet(4)) == ["slash_pending", "delegation_refunded"]
    assert "25.00 IFM" in inbox.page(wallet(4), limit=2, offset=0)[1].text
    assert "delegation_refunded" not in kinds_of(wallet(1))


def test_unread_falls_when_it_is_read(net):
    net.settle()
    assert inbox.unread(wallet(1)) == 1
    inbox.mark_read(wallet(1), inbox.page(wallet(1), limit=1, offset=0)[0].id)
    inbox.mark_read(wallet(1), 0)
    assert inbox.unread(wallet(1)) == 0
    assert inbox.unread(operator(1)) == 1


def test_an_inbox_has_what_came_by_every_way_newest_first_and_counts_a_hundred(net):
    net.delegate(node_address(1), 4, 25)
    net.settle()
    for number in range(98):
        events.record("proposal_opened", at=net.now, epoch=3, wallet=wallet(9), proposal=number, title="x")
    events.record("unbonding_paid", at=net.now, epoch=3, wallet=wallet(4), amount=1)
    news = ["unbonding_paid", *["proposal_opened"] * 98]
    assert kinds_of(wallet(4)) == news[:50]
    last = inbox.page(wallet(4), limit=50, offset=98)
    assert [notification.kind.name for notification in last] == [
        "proposal_opened",
        "slash_pending",
        "delegation_refunded",
    ]
    assert (inbox.count(wallet(4)), inbox.unread(wallet(4))) == (101, 100)
    assert (inbox.count(operator(1)), inbox.unread(operator(1))) == (99, 99)
    inbox.mark_read(wallet(4), last[1].id)
    assert inbox.unread(wallet(4)) == 99


def test_an_inbox_is_read_without_reading_the_log(net):
    net.settle()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO staking_event (kind, at, epoch, node_id, wallet, data) "
            "SELECT 'slash_pending', now(), 2, 1000000 + n, 'w' || n, '{}' FROM generate_series(1, 5000) n"
        )
        cursor.execute("ANALYZE staking_event")
    plans = []

    def explain(execute: Any, sql: str, values: Any, many: bool, context: Any) -> Any:
        if "staking_event" in sql:
            execute(f"EXPLAIN {sql}", values, many, context)
            plans.append("".join(line for (line,) in context["cursor"].fetchall()))
        return execute(sql, values, many, context)

    with connection.execute_wrapper(explain):
        assert (
            inbox.unread(wallet(1))
            == inbox.count(wallet(1))
            == len(inbox.page(wallet(1), limit=9, offset=0))
            == 1
        )
    assert len(plans) == 3
    assert not any("Seq Scan on staking_event" in plan for plan in plans)


def test_who_is_on_the_way_out_still_hears_of_what_can_reach_it(net):
    confirmed(wallet(1), "anna@example.org", ["slash_pending", "share_cut"])
    net.undelegate(node_address(1), 1)
    net.settle()
    dispatch.queue_events()
    assert Delivery.objects.get().wallet == wallet(1)
    net.settle(9)
    release_due(now=net.now)
    net.change(node_address(1), delegator_share_bps=7_800)
    dispatch.queue_events()
    assert Delivery.objects.count() == 1


def test_who_has_left_a_node_is_not_told_of_what_happens_there_later(net):
    net.undelegate(node_address(1), 1)
    net.settle()
    assert kinds_of(wallet(1)) == ["slash_pending"]
    net.settle(9)
    net.change(node_address(1), delegator_share_bps=7_900)
    release_due(now=net.now)
    former = kinds_of(wallet(1))
    assert former == ["unbonding_paid", "share_cut", "slash_executed", "slash_pending"]
    net.wait(1)
    net.change(node_address(1), delegator_share_bps=7_800)
    net.settle()
    net.change(node_address(1), delegator_share_bps=7_600)
    assert kinds_of(wallet(1)) == former
    assert inbox.count(wallet(1)) == inbox.unread(wallet(1)) == 4
    net.wait(1)
    watchlist.watch(node=node_address(1), wallet=wallet(1), now=net.now)
    net.change(node_address(1), delegator_share_bps=7_500)
    assert kinds_of(wallet(1)) == ["share_cut", *former]
    net.delegate(node_address(1), 1, 10)
    net.change(node_address(1), delegator_share_bps=7_400)
    assert kinds_of(wallet(1))[0] == "share_cut"


def test_delegators_hear_of_a_cut_as_often_as_it_is_another_ten_times_an_epoch(net):
    cuts = [7_900, 7_900, 7_800, 8_000, *range(7_700, 7_600, -10)]
    for share in cuts:
        net.change(node_address(1), delegator_share_bps=share)
    texts = [notification.text for notification in inbox.page(wallet(1), limit=50, offset=0)]
    assert len(texts) == 10
    assert "to 76.10%" in texts[0]
    assert "to 76.40%" in texts[1]
    assert "to 79.00%" in texts[-1]
    net.settle()
    net.change(node_address(1), delegator_share_bps=7_500)
    assert kinds_of(wallet(1))[0] == "share_cut"
    assert len([kind for kind in kinds_of(wallet(1)) if kind == "share_cut"]) == 11


def test_an_event_of_a_failed_transaction_notifies_nobody(net):
    confirmed(wallet(1), "anna@example.org", ALL)
    with connection.cursor() as cursor:
        cursor.execute("SAVEPOINT before")
        events.record("slash_pending", at=net.now, epoch=2, node=1, slash=1, offence="dropout")
        cursor.execute("ROLLBACK TO before")
    dispatch.queue_events()
    assert Delivery.objects.count() == 0


def test_the_pages_show_it_and_belong_to_the_wallet_that_signed_in(net, client):
    net.settle()
    assert client.get("/inbox/").status_code == 302
    user = User.objects.create(address=wallet(1))
    client.force_login(user)
    page = client.get("/inbox/").content.decode()
    assert "SLA drop on node 1" in page
    assert 'aria-label="Inbox, 1 unread notification"' in page
    newest = re.search(r'name="newest" value="(\d+)"', page)
    assert newest
    client.post("/inbox/read/", {"newest": newest.group(1)})
    assert 'aria-label="Inbox, 0 unread notifications"' in client.get("/inbox/").content.decode()
    assert client.get("/inbox/settings/").status_code == 200
    answer = client.post(
        "/inbox/settings/webhook/", {"webhook": "http://10.0.0.1/", "kinds": ["dispute_decided"]}
    )
    assert answer.status_code == 400
    assert 'value="http://10.0.0.1/"' in answer.content.decode()
    assert 'aria-invalid="true"' in answer.content.decode()
    client.post(
        "/inbox/settings/email/", {"email": "anna@example.org", "kinds": ["dispute_decided", "made_up"]}
    )
    assert Subscription.objects.get(wallet=wallet(1)).email_kinds == ["dispute_decided"]
    link = re.search(r"http://testserver(/inbox/confirm/\S+)", mail.outbox[-1].body)
    assert link
    assert client.get(link.group(1)).status_code == 200
    assert not Subscription.objects.get(wallet=wallet(1)).email_confirmed
    assert client.post(link.group(1)).status_code == 200
    assert Subscription.objects.get(wallet=wallet(1)).email_confirmed


@pytest.mark.parametrize(
    "query",
    [{"page": "0"}, {"page": "-1"}, {"page": "x"}, {"page": "9" * 5000}, {"page": "٣"}, {"newest": "x"}],
)
def test_a_page_number_that_is_none_is_refused_as_on_other_pages(net, client, query):
    client.force_login(User.objects.create(address=wallet(1)))
    assert client.get("/inbox/", query).status_code == 400
    assert client.get("/inbox/", {"page": "2"}).status_code == 200


def test_the_pages_of_the_inbox_do_not_move_while_they_are_read(net, client):
    for number in range(30):
        events.record(
            "proposal_opened", at=net.now, epoch=2, wallet=wallet(9), proposal=number, title=f"t{number:02}"
        )
    client.force_login(User.objects.create(address=wallet(3)))

    def titles(page: str) -> list[str]:
        return re.findall(r"votes: (t\d\d)\.", page)

    first = client.get("/inbox/").content.decode()
    second = re.search(r'href="(\?newest=\d+&amp;page=2)"', first)
    assert second
    events.record("proposal_opened", at=net.now, epoch=2, wallet=wallet(9), proposal=30, title="t30")
    later = client.get("/inbox/" + second[1].replace("&amp;", "&")).content.decode()
    assert titles(first) + titles(later) == [f"t{number:02}" for number in reversed(range(30))]
    assert titles(client.get("/inbox/").content.decode())[0] == "t30"


def test_deliveries_are_listed_in_words_of_the_reader(net, client):
    net.settle()
    event = Event.objects.filter(kind="slash_pending").latest("id")
    Delivery.objects.create(event=event, wallet=wallet(1), channel="email", status="failed", due_at=net.now)
    client.force_login(User.objects.create(address=wallet(1)))
    english, german = (
        client.get("/inbox/settings/", headers={"Accept-Language": language}).content.decode()
        for language in ("en", "de")
    )
    assert f">Slash pending {event.pk}<" in english
    assert ">failed<" in english
    assert ">gescheitert<" in german
    assert "slash_pending " not in english + german


def test_notifications_round_amounts_to_two_decimals_and_say_why_in_words():
    words = {kind.name: kind.words for kind in CATALOGUE}
    assert words["unbonding_paid"]("node 1", {"amount": 12_345_678}) == (
        "An unbonding from node 1 has matured: 12.34 IFM is available."
    )
    with translation.override("de"):
        text = words["redelegation_cancelled"]("node 1", {"code": "pending_slash"})
    assert "pending_slash" not in text
    assert "Warten Sie" in text
    assert words["redelegation_cancelled"]("node 1", {"code": "insufficient_balance"}) == (
        "Your redelegation from node 1 was not executed: nothing was left to move."
    )
