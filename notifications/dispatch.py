"""Deliver events to mailboxes and webhooks: after the commit, once, with retries.

Two steps, each safe to run beside itself and to be cut short: events become deliveries (a unique row each), and
deliveries that are due are sent. A crash between sending and noting it sends again under the same event id.

Beyond the ORM: an update whose returned rows become rows of another table.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from time import monotonic
from typing import Any

import structlog
from django.core.mail import EmailMessage
from django.db import connection, transaction
from django.utils import timezone

from notifications import webhook_formats, webhooks
from notifications.inbox import Notification, notification_of
from notifications.kinds import KINDS, named
from notifications.models import Delivery, Subscription
from notifications.own_losses import with_anchors, with_own_losses
from protocol.addresses import checksum
from staking.models import Event, Node

log = structlog.get_logger(__name__)

BATCH = 500
SENT_AT_ONCE, SENT_IN_A_TICK = 20, 200
# Settlement runs on the same workers: a tick holds one no longer than this and one more call.
TICK_SECONDS = 10
DELIVERY_RETENTION = timedelta(days=30)
RETRY_AFTER = [timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 480)]

QUEUE = """
WITH taken AS (
  UPDATE staking_event SET dispatched = true WHERE id IN (
    SELECT id FROM staking_event WHERE NOT dispatched ORDER BY id LIMIT %(batch)s FOR UPDATE SKIP LOCKED)
  RETURNING id, kind, node_id, wallet, epoch, at
)
INSERT INTO notifications_delivery (event_id, wallet, channel, status, attempts, due_at, fault)
SELECT e.id, s.wallet, way.channel, 'queued', 0, now(), ''
FROM taken e
JOIN notifications_subscription s ON (e.kind = ANY(%(single)s) AND e.wallet = s.wallet)
  OR e.kind = ANY(%(everybody)s)
  OR (e.kind = ANY(%(people)s) AND (
    EXISTS (SELECT FROM staking_node n WHERE n.id = e.node_id AND n.operator = s.wallet)
    OR EXISTS (SELECT FROM delegation_position p WHERE p.node_id = e.node_id AND p.wallet = s.wallet
               AND p.opened_epoch <= e.epoch AND (p.shares > 0 OR EXISTS (
                 SELECT FROM staking_unbonding u
                 WHERE u.node_id = e.node_id AND u.wallet = s.wallet AND u.status = 'open')))
    OR EXISTS (SELECT FROM staking_watchednode w
               WHERE w.wallet = s.wallet AND w.node_id = e.node_id AND w.at <= e.at)))
JOIN LATERAL (VALUES
  ('email', s.email_confirmed AND s.email <> '' AND s.email_kinds ? e.kind),
  ('webhook', s.webhook <> '' AND s.webhook_kinds ? e.kind)) AS way(channel, wanted) ON way.wanted
ORDER BY e.id
ON CONFLICT DO NOTHING
"""
LEFT = "SELECT EXISTS (SELECT FROM staking_event WHERE NOT dispatched)"


def queue_events() -> None:
    """Make a delivery for every subscriber of every event that committed since the last time."""
    values: dict[str, Any] = {
        "batch": BATCH,
        "single": named("wallet"),
        "people": named("node"),
        "everybody": named("all"),
    }
    with connection.cursor() as cursor:
        left = True
        while left:
            cursor.execute(QUEUE, values)
            cursor.execute(LEFT)
            left = cursor.fetchone()[0]


def send_due(*, now: datetime) -> int:
    """Send what is due (wall clock), a batch in a transaction of its own; how many were tried."""
    tried, until = 0, monotonic() + TICK_SECONDS
    while tried < SENT_IN_A_TICK and monotonic() < until:
        batch = _send_batch(now)
        if not batch:
            break
        tried += batch
    return tried


def forget(*, now: datetime) -> None:
    """Delete deliveries that were sent or abandoned long ago (wall clock); the inbox has the event itself."""
    over = Delivery.objects.exclude(status=Delivery.Status.QUEUED)
    over.filter(due_at__lt=now - DELIVERY_RETENTION).delete()


def _send_batch(now: datetime) -> int:
    """Send the oldest deliveries that are due, in parallel: a slow target does not delay the others."""
    with transaction.atomic():
        due = Delivery.objects.filter(status=Delivery.Status.QUEUED, due_at__lte=now).order_by("due_at", "id")
        locked = due.select_for_update(skip_locked=True, of=("self",)).select_related("event")
        batch = list(locked[:SENT_AT_ONCE])
        for delivery, fault in zip(batch, _faults(batch), strict=True):
            delivery.attempts += 1
            if fault is None:
                delivery.status, delivery.sent_at, delivery.fault = Delivery.Status.SENT, timezone.now(), ""
            else:
                _put_off(delivery, fault, now)
            delivery.save(update_fields=["status", "attempts", "due_at", "sent_at", "fault"])
        return len(batch)


def _faults(batch: Sequence[Delivery]) -> list[Exception | None]:
    """Send each in its own thread, without database access; returns the error of each."""
    if not batch:
        return []
    subscriptions = Subscription.objects.in_bulk({delivery.wallet for delivery in batch})
    nodes = Node.objects.only("address", "name").in_bulk({one.event.node_id or 0 for one in batch})
    events = with_anchors([(one.event.kind, one.event.epoch, one.event.data) for one in batch])
    for one, data in zip(batch, events, strict=True):
        [one.event.data] = with_own_losses(one.wallet, [(one.event.kind, data)])
    calls = [(one, subscriptions.get(one.wallet), nodes.get(one.event.node_id or 0)) for one in batch]
    with ThreadPoolExecutor(len(batch)) as threads:
        return list(threads.map(_fault, calls))


def _fault(call: tuple[Delivery, Subscription | None, Node | None]) -> Exception | None:
    delivery, subscription, node = call
    try:
        if subscription is None:
            raise webhooks.NotDelivered("the wallet no longer receives notifications")
        _send(delivery, subscription, node)
    except (webhooks.NotDelivered, OSError) as error:
        return error
    except Exception as error:
        # A failing delivery does not stop the others.
        log.exception("notification_failed", delivery=delivery.pk)
        return error
    return None


def _put_off(delivery: Delivery, error: Exception, now: datetime) -> None:
    """Schedule a retry, or give up after the last pause; other deliveries to the same target wait as long."""
    delivery.fault = "".join(sign if sign.isprintable() else "?" for sign in str(error))[:200]
    log.warning(
        "notification_not_delivered", delivery=delivery.pk, attempt=delivery.attempts, fault=delivery.fault
    )
    if delivery.attempts > len(RETRY_AFTER):
        delivery.status = Delivery.Status.FAILED
        return
    delivery.due_at = now + RETRY_AFTER[delivery.attempts - 1]
    waiting = Delivery.objects.filter(wallet=delivery.wallet, channel=delivery.channel, attempts=0)
    others = waiting.filter(status=Delivery.Status.QUEUED, due_at__lt=delivery.due_at)
    # Deliveries that another worker is sending are left to that worker.
    free = list(others.select_for_update(skip_locked=True).values_list("id", flat=True))
    Delivery.objects.filter(id__in=free).update(due_at=delivery.due_at)


def _send(delivery: Delivery, subscription: Subscription, node: Node | None) -> None:
    event = delivery.event
    address, name = (node.address, node.name) if node else (None, None)
    notification = notification_of(event.pk, event.kind, event.at, event.epoch, event.data, address, name)
    if delivery.channel == Delivery.Channel.EMAIL:
        _mail(subscription, notification)
    else:
        _call(subscription, event, notification, address)


def _mail(subscription: Subscription, notification: Notification) -> None:
    if not (subscription.email and subscription.email_confirmed):
        raise webhooks.NotDelivered("the mail address is not confirmed")
    subject = " ".join(f"{KINDS[notification.kind.name].label}: {notification.text}".split())[:150]
    moment = f"Epoch {notification.epoch}, {notification.at:%Y-%m-%d %H:%M:%S} UTC."
    body = f"{notification.text}\n\n{moment}\nWallet {checksum(subscription.wallet)}."
    # The same id each time, so that a mailbox shows an e-mail that was sent twice once.
    headers = {"Message-ID": f"<event-{notification.id}-{subscription.wallet}@inframind-staking>"}
    EmailMessage(subject, body, to=[subscription.email], headers=headers).send()


def _call(subscription: Subscription, event: Event, notification: Notification, node: str | None) -> None:
    if not subscription.webhook:
        raise webhooks.NotDelivered("the webhook was taken off")
    content = {
        "id": event.pk,
        "kind": event.kind,
        "at": f"{event.at:%Y-%m-%dT%H:%M:%S}Z",
        "epoch": event.epoch,
        "wallet": checksum(subscription.wallet),
        "node": checksum(node) if node else None,
        "text": notification.text,
        "data": event.data,
    }
    body = webhook_formats.body_of(subscription.webhook_format, subscription.webhook, content)
    webhooks.call(
        subscription.webhook,
        json.dumps(body).encode(),
        message=f"event-{event.pk}",
        secret=subscription.webhook_secret,
        headers={"InfraMind-Event": str(event.pk)},
        at=int(time.time()),
    )
