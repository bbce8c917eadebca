"""Events reach the wallets that they concern: in the inbox, by mail, by signed webhook, once."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.utils import timezone, translation
from standardwebhooks import Webhook

from identity import counters
from identity.models import User
from notifications import dispatch, inbox, subscriptions, webhooks
from notifications.kinds import CATALOGUE
from notifications.models import Delivery, Subscription
from protocol.errors import Invalid
from staking.models import Event
from staking.services import events, watchlist
from staking.services.unbondings import release_due
from tests.network import Network, node_address, operator, wallet
from tests.shared_rows import shared

pytestmark = pytest.mark.django_db
ALL = ["slash_pending", "share_cut", "vote_closing"]


@pytest.fixture(autouse=True)
def _fresh_counters() -> None:
    counters._store().flushdb()


@shared
def net() -> Network:
    """Node 1 of operator 1 with a delegator, wallet 1, and a strike at the end of epoch 2."""
    made = Network()
    node = made.node(1, own=2_000)
    made.delegate(node, 1, 500)
    made.settle()
    made.work(node, 10, outcome="timeout")
    return made


class Target:
    """A web server that a webhook may call; it answers what it is told to."""

    def __init__(self) -> None:
        self.calls: list[tuple[dict[str, str], bytes]] = []
        self.status = 200
        target = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                target.calls.append((dict(self.headers), body))
                self.send_response(target.status)
                self.send_header("Location", "http://127.0.0.1:1/elsewhere")
                self.end_headers()

            def log_message(self, *arguments: Any) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook?a=1"
        threading.Thread(target=self.server.serve_forever, args=[0.01], daemon=True).start()


@pytest.fixture
def target() -> Iterator[Target]:
    made = Target()
    yield made
    made.server.shutdown()
    made.server.server_close()


def confirmed(address: str, email: str, kinds: list[str]) -> None:
    subscriptions.set_email(wallet=address, email=email, kinds=kinds, link="https://site/confirm/")
    token = re.search(r"confirm/(\S+)/", mail.outbox.pop().body)
    assert token
    subscriptions.confirm_email(token.group(1))


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


def test_an_email_goes_once_to_a_confirmed_address_and_for_chosen_kinds_only(net):
    confirmed(wallet(1), "anna@example.org", ["slash_pending"])
    confirmed(operator(1), "olga@example.org", ["share_cut"])
    subscriptions.set_email(wallet=wallet(5), email="x@example.org", kinds=ALL, link="https://site/")
    mail.outbox.clear()
    net.settle()
    for _ in range(3):
        dispatch.queue_events()
        dispatch.send_due(now=timezone.now())
    assert [message.to for message in mail.outbox] == [["anna@example.org"]]
    assert mail.outbox[0].subject.startswith("Slash pending: SLA drop on node 1")
    assert Delivery.objects.get().status == "sent"


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


def test_a_confirmation_is_for_its_address_and_wallet_only():
    subscriptions.set_email(wallet=wallet(1), email="a@example.org", kinds=ALL, link="https://site/c/")
    token = mail.outbox[0].body.split("/c/")[1].split()[0].rstrip("/")
    subscriptions.set_email(wallet=wallet(1), email="b@example.org", kinds=ALL, link="https://site/c/")
    with pytest.raises(Invalid):
        subscriptions.confirm_email(token)
    with pytest.raises(Invalid):
        subscriptions.confirm_email(token + "x")
    assert not Subscription.objects.get(wallet=wallet(1)).email_confirmed


def test_no_address_is_stored_when_its_email_cannot_be_sent(client, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    client.force_login(User.objects.create(address=wallet(1)))
    answer = client.post("/inbox/settings/email/", {"email": "anna@example.org"})
    assert answer.status_code == 400
    assert "the e-mail could not be sent" in answer.content.decode()
    assert not Subscription.objects.filter(wallet=wallet(1)).exclude(email="").exists()


def test_a_mailbox_gets_few_emails_whoever_asks(client, settings, monkeypatch):
    settings.INFRAMIND_RATE_LIMITS = True
    # So that no new minute begins while they are asked for.
    monkeypatch.setattr(counters, "WINDOW_SECONDS", 10**9)
    answers = []
    for number in range(1, 6):
        client.force_login(User.objects.create(address=wallet(number)))
        headers = {"REMOTE_ADDR": f"10.0.0.{number}"}
        answers.append(
            client.post("/inbox/settings/email/", {"email": "Anna@example.org"}, **headers).status_code
        )
    assert answers == [302, 302, 302, 429, 429]
    assert len(mail.outbox) == 3


def test_ending_the_emails_has_no_limit(client, settings):
    settings.INFRAMIND_RATE_LIMITS = True
    for number in range(1, 6):
        client.force_login(User.objects.create(address=wallet(number)))
        assert client.post("/inbox/settings/email/", {"email": ""}).status_code == 302
    assert mail.outbox == []


@pytest.mark.parametrize("email", ["nobody", "a@b", "a@b.c\nBcc: x@y.z", "<a@example.org>"])
def test_a_crooked_address_is_refused(email):
    with pytest.raises(Invalid):
        subscriptions.set_email(wallet=wallet(1), email=email, kinds=ALL, link="https://site/")
    assert mail.outbox == []


def test_a_webhook_is_called_with_a_signature_that_its_owner_can_check(net, target):
    row = subscriptions.set_webhook(wallet=wallet(1), url=target.url, kinds=ALL)
    net.settle()
    dispatch.queue_events()
    dispatch.send_due(now=timezone.now())
    ((headers, body),) = target.calls
    stamp, signature = re.fullmatch(r"t=(\d+),v1=([0-9a-f]{64})", headers["InfraMind-Signature"]).groups()
    wanted = hmac.new(row.webhook_secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256)
    assert signature == wanted.hexdigest()
    message = json.loads(body)
    assert (message["kind"], message["epoch"], message["data"]["offence"]) == ("slash_pending", 2, "sla_drop")
    assert headers["InfraMind-Event"] == str(message["id"])
    assert Webhook(webhooks.standard_secret(row.webhook_secret)).verify(body, headers) == message


def test_a_failing_webhook_is_retried_and_abandoned_in_the_end(net, target):
    subscriptions.set_webhook(wallet=wallet(1), url=target.url, kinds=ALL)
    target.status = 302
    net.settle()
    dispatch.queue_events()
    now = timezone.now() + timedelta(seconds=1)
    dispatch.send_due(now=now)
    dispatch.send_due(now=now)
    assert len(target.calls) == 1
    for _ in range(10):
        now += timedelta(hours=9)
        dispatch.send_due(now=now)
    assert len(target.calls) == 6
    delivery = Delivery.objects.get()
    assert (delivery.status, delivery.attempts, delivery.fault) == ("failed", 6, "answered 302")


def test_a_webhook_that_comes_back_gets_what_it_missed(net, target):
    subscriptions.set_webhook(wallet=wallet(1), url=target.url, kinds=ALL)
    target.status = 500
    net.settle()
    dispatch.queue_events()
    now = timezone.now() + timedelta(seconds=1)
    dispatch.send_due(now=now)
    target.status = 204
    dispatch.send_due(now=now + timedelta(minutes=2))
    assert Delivery.objects.get().status == "sent"
    assert len({body for _, body in target.calls}) == 1


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/", "ftp://example.org/", "https://", "https://user:pw@example.org/", "file:///etc/passwd",
        "https://example.org:0/", "https://example.org:99999/", "javascript:alert(1)", "https://" + "a" * 600,
        "http://127.0.0.1@example.org/", "https://" + "a" * 64 + ".example.org/", "https://a..b/", "https://.../",
    ],
)  # fmt: skip
def test_a_webhook_address_that_is_none_is_refused(url):
    with pytest.raises(Invalid):
        subscriptions.set_webhook(wallet=wallet(1), url=url, kinds=ALL)


@pytest.mark.parametrize(
    "host",
    [
        "10.0.0.1", "192.168.1.1", "169.254.169.254", "[::ffff:10.0.0.1]", "[fd00::1]", "0.0.0.0", "0xa000001", "10.1",
        "[64:ff9b::a00:1]", "[2002:a00:1::]", "[::a00:1]", "[ff02::1]",
    ],
)  # fmt: skip
def test_no_call_goes_into_a_private_network(host):
    with pytest.raises(webhooks.NotDelivered, match="no public address"):
        webhooks.call(f"https://{host}/", b"{}", secret="s", headers={}, at=1)


def test_a_foreign_name_is_called_by_its_letters_for_machines(target, monkeypatch):
    hosts: list[str] = []

    def resolve(host: str, port: int) -> str:
        hosts.append(host)
        return "127.0.0.1"

    monkeypatch.setattr(webhooks, "_resolve", resolve)
    webhooks.call(target.url.replace("127.0.0.1", "exämple.org"), b"{}", secret="s", headers={}, at=1)
    assert hosts == ["xn--exmple-cua.org"]
    assert target.calls[0][0]["Host"].startswith("xn--exmple-cua.org:")


def test_a_target_that_dribbles_its_answer_is_left_at_the_limit(monkeypatch):
    monkeypatch.setattr(webhooks, "TIMEOUT_SECONDS", 0.4)
    left = threading.Event()

    class Slow(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
            while not left.wait(0.1):
                self.wfile.write(b"a")

    server = HTTPServer(("127.0.0.1", 0), Slow)
    threading.Thread(target=server.handle_request, daemon=True).start()
    began = time.monotonic()
    with pytest.raises(webhooks.NotDelivered, match="TimeoutError"):
        webhooks.call(f"http://127.0.0.1:{server.server_port}/", b"{}", secret="s", headers={}, at=1)
    took = time.monotonic() - began
    left.set()
    server.server_close()
    assert took < 20  # without a limit it would last for ever; a busy machine is no failure


def test_a_call_that_stumbles_keeps_no_other_from_leaving(net, target, monkeypatch):
    subscriptions.set_webhook(wallet=operator(1), url="https://example.org/", kinds=ALL)
    subscriptions.set_webhook(wallet=wallet(1), url=target.url, kinds=ALL)
    net.settle()
    dispatch.queue_events()
    called = webhooks.call

    def stumbling(url: str, body: bytes, **more: Any) -> None:
        if "example.org" in url:
            raise RuntimeError("\0 nobody thought of \udcff")
        called(url, body, **more)

    monkeypatch.setattr(webhooks, "call", stumbling)
    assert dispatch.send_due(now=timezone.now()) == 2
    assert len(target.calls) == 1
    row = Delivery.objects.get(wallet=operator(1))
    assert (row.status, row.attempts, row.fault) == ("queued", 1, "? nobody thought of ?")


def test_who_answers_slowly_holds_up_nobody(net, target, monkeypatch):
    """All calls of a batch are under way before the first of them ends."""
    for owner in (operator(1), wallet(1)):
        subscriptions.set_webhook(wallet=owner, url=target.url, kinds=ALL)
    net.settle()
    dispatch.queue_events()
    under_way = threading.Barrier(2, timeout=20)
    monkeypatch.setattr(webhooks, "call", lambda *args, **more: under_way.wait())
    assert dispatch.send_due(now=timezone.now()) == 2
    assert {delivery.status for delivery in Delivery.objects.all()} == {"sent"}


def test_what_waits_for_a_place_that_does_not_answer_waits_as_long_as_the_first(net, target, monkeypatch):
    monkeypatch.setattr(dispatch, "SENT_AT_ONCE", 1)
    subscriptions.set_webhook(wallet=wallet(1), url=target.url, kinds=ALL)
    target.status = 500
    net.settle()
    net.change(node_address(1), delegator_share_bps=7_900)
    dispatch.queue_events()
    now = timezone.now() + timedelta(seconds=1)
    assert [dispatch.send_due(now=now), dispatch.send_due(now=now)] == [1, 0]
    target.status = 200
    assert dispatch.send_due(now=now + timedelta(minutes=1)) == 2
    assert [json.loads(body)["kind"] for _, body in target.calls] == [
        "slash_pending",
        "slash_pending",
        "share_cut",
    ]


def test_sent_or_abandoned_notifications_are_deleted_after_a_month(net):
    now = timezone.now()
    event = Event.objects.create(kind="dispute_decided", at=now, epoch=1)
    days = [("sent", 29), ("sent", 31), ("failed", 31), ("queued", 31)]
    for number, (status, age) in enumerate(days):
        due = now - timedelta(days=age)
        Delivery.objects.create(
            event=event, wallet=wallet(number), channel="email", status=status, due_at=due
        )
    dispatch.forget(now=now)
    assert [(row.status, (now - row.due_at).days) for row in Delivery.objects.order_by("id")] == [
        ("sent", 29),
        ("queued", 31),
    ]


def test_a_tick_ends_when_its_time_is_over(net, target, monkeypatch):
    subscriptions.set_webhook(wallet=operator(1), url=target.url, kinds=ALL)
    subscriptions.set_webhook(wallet=wallet(1), url=target.url, kinds=ALL)
    net.settle()
    dispatch.queue_events()
    monkeypatch.setattr(dispatch, "SENT_AT_ONCE", 1)
    clock = iter((0.0, 1.0, 11.0))
    monkeypatch.setattr(dispatch, "monotonic", lambda: next(clock))
    assert dispatch.send_due(now=timezone.now()) == 1


def test_on_a_public_network_not_even_this_machine_is_called(settings, target):
    settings.INFRAMIND_NETWORK = "production"
    with pytest.raises(Invalid):
        webhooks.check_url(target.url)
    with pytest.raises(webhooks.NotDelivered):
        webhooks.call(target.url, b"{}", secret="s", headers={}, at=1)
    assert target.calls == []


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
