"""Webhooks: signed, retried, abandoned, and never sent into a private network."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import threading
import time
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from django.utils import timezone
from standardwebhooks import Webhook

from notifications import dispatch, subscriptions, webhooks
from notifications.models import Delivery
from protocol.errors import Invalid
from staking.models import Event
from tests.network import node_address, operator, wallet
from tests.notifications.site import ALL

pytestmark = pytest.mark.django_db


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
