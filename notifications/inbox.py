"""A wallet's inbox: the events that concern it, read from the event log without copies."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection
from django.urls import NoReverseMatch, reverse

from delegation.pages.prepared_action import prepared_later
from notifications.kinds import CHOSEN, KINDS, Kind, named
from notifications.models import Subscription
from notifications.own_losses import with_anchors, with_own_losses
from protocol.addresses import checksum
from staking.models import Event
from staking.services.epochs import open_epoch

MAX_COUNTED = 100
MAX_ID = (1 << 63) - 1
USUAL_KINDS = {"email_kinds": list(CHOSEN), "webhook_kinds": list(CHOSEN)}

# The events of a node that concern the holder of a position `p`: from its opening, and until the wallet has neither
# shares nor an open unbonding there.
OF_POSITION = """(e.epoch >= p.opened_epoch AND (p.shares > 0
    OR EXISTS (SELECT FROM staking_unbonding u
      WHERE u.wallet = p.wallet AND u.node_id = p.node_id AND u.status = 'open')
    OR e.epoch <= (SELECT max(c.epoch) FROM staking_stakecheckpoint c
      WHERE c.wallet = p.wallet AND c.node_id = p.node_id)
    OR e.at <= (SELECT max(u.closed_at) FROM staking_unbonding u
      WHERE u.wallet = p.wallet AND u.node_id = p.node_id)))"""
# A node's people are its operator, who had a position at the event, and who watches it since then. Each source reads no
# more than its newest `most` by an index of its own, however long the log is; no event is in two of them.
SOURCES = f"""
(SELECT e.id FROM staking_event e WHERE e.wallet = %(wallet)s AND e.kind = ANY(%(single)s) {{newest}})
UNION ALL
SELECT e.id FROM unnest(%(everybody)s::text[]) AS k(kind)
CROSS JOIN LATERAL (SELECT e.id FROM staking_event e WHERE e.kind = k.kind {{newest}}) e
UNION ALL
SELECT e.id FROM staking_node n CROSS JOIN LATERAL (
  SELECT e.id FROM staking_event e WHERE e.node_id = n.id AND e.kind = ANY(%(people)s) {{newest}}) e
WHERE n.operator = %(wallet)s
UNION ALL
SELECT e.id FROM delegation_position p CROSS JOIN LATERAL (
  SELECT e.id FROM staking_event e
  WHERE e.node_id = p.node_id AND {OF_POSITION} AND e.kind = ANY(%(people)s) {{newest}}) e
WHERE p.wallet = %(wallet)s
UNION ALL
SELECT e.id FROM staking_watchednode w JOIN staking_node n ON n.id = w.node_id AND n.operator <> %(wallet)s
CROSS JOIN LATERAL (
  SELECT e.id FROM staking_event e
  WHERE e.node_id = w.node_id AND e.at >= w.at AND e.kind = ANY(%(people)s) AND NOT EXISTS (
    SELECT FROM delegation_position p
    WHERE p.wallet = %(wallet)s AND p.node_id = w.node_id AND {OF_POSITION}) {{newest}}) e
WHERE w.wallet = %(wallet)s
"""
# `newest`: the newest event that is listed, so that the pages of a list do not move while it is read.
ALL = SOURCES.format(newest="AND e.id <= %(newest)s ORDER BY e.id DESC LIMIT %(most)s")
NEW = SOURCES.format(
    newest="AND e.id > coalesce((SELECT s.read_event FROM notifications_subscription s WHERE s.wallet = %(wallet)s), 0)"
    " ORDER BY e.id DESC LIMIT %(most)s"
)
PAGE = f"""
SELECT e.id, e.kind, e.at, e.epoch, e.data, n.address, n.name
FROM ({ALL} ORDER BY id DESC LIMIT %(limit)s OFFSET %(offset)s) mine
JOIN staking_event e ON e.id = mine.id LEFT JOIN staking_node n ON n.id = e.node_id ORDER BY e.id DESC
"""
COUNT = f"SELECT count(*) FROM ({ALL}) mine"
# Votes that ended have nothing new to say.
UNREAD = (
    f"SELECT count(*) FROM ({NEW} LIMIT %(most)s) mine JOIN staking_event e ON e.id = mine.id"
    " WHERE NOT coalesce((e.data ->> 'closes_epoch')::int"
    " < (SELECT max(number) FROM staking_epoch WHERE status IN ('open', 'settling')), false)"
)


class EventRow(NamedTuple):
    """An event as PAGE reads it, with the address and name of its node."""

    id: int
    kind: str
    at: datetime
    epoch: int
    data: dict[str, Any]
    node: str | None
    name: str | None


@dataclass(frozen=True, slots=True)
class Notification:
    """An event in words, with the page where something can be done about it."""

    id: int
    kind: Kind
    at: datetime
    epoch: int
    text: str
    href: str
    unread: bool = False
    ended: bool = False

    @property
    def tone(self) -> str:
        return "" if self.ended else self.kind.tone


def page(wallet: str, *, limit: int, offset: int, newest: int | None = None) -> list[Notification]:
    """Notifications of a wallet up to an event (None: all), newest first; those it has not read are marked."""
    read = Subscription.objects.filter(wallet=wallet).values_list("read_event", flat=True).first() or 0
    bounds = {"most": limit + offset, "limit": limit, "offset": offset, "newest": _up_to(newest)}
    with connection.cursor() as cursor:
        cursor.execute(PAGE, {**_recipients(wallet), **bounds})
        rows = [_parsed(row) for row in cursor.fetchall()]
    events = with_anchors([(row.kind, row.epoch, row.data) for row in rows])
    data = with_own_losses(wallet, [(row.kind, one) for row, one in zip(rows, events, strict=True)])
    epoch = open_epoch()
    number = epoch.number if epoch else 0
    return [
        notification_of(
            row.id, row.kind, row.at, row.epoch, own, row.node, row.name, read=read, open_epoch=number
        )
        for row, own in zip(rows, data, strict=True)
    ]


def count(wallet: str, newest: int | None = None) -> int:
    """The number of a wallet's notifications, up to an event."""
    return _number(COUNT, wallet, most=None, newest=newest)


def unread(wallet: str) -> int:
    """The number of a wallet's unread notifications, at most 100."""
    return _number(UNREAD, wallet, most=MAX_COUNTED)


def start(wallet: str) -> None:
    """Begin the inbox of a wallet that signs in for the first time: the DAO's former events are not news to it.

    A wallet that something has happened to already, as a delegator or operator, finds that unread.
    """
    if Subscription.objects.filter(wallet=wallet).exists():
        return
    concerned = _number(COUNT, wallet, most=1, everybody=[])
    newest = Event.objects.order_by("-id").values_list("id", flat=True).first() or 0
    Subscription.objects.get_or_create(
        wallet=wallet, defaults={**USUAL_KINDS, "read_event": 0 if concerned else newest}
    )


def mark_read(wallet: str, up_to: int) -> None:
    """Mark everything up to an event as read; earlier marks stay."""
    Subscription.objects.get_or_create(wallet=wallet, defaults=USUAL_KINDS)
    Subscription.objects.filter(wallet=wallet, read_event__lt=up_to).update(read_event=up_to)


def notification_of(
    id_: int,
    kind: str,
    at: datetime,
    epoch: int,
    data: dict[str, Any],
    node: str | None,
    name: str | None,
    *,
    read: int = 0,
    open_epoch: int = 0,
) -> Notification:
    """An event in words; `node` is an address. A vote that closed before `open_epoch` has ended and is not unread."""
    description = KINDS[kind]
    words = description.words(name or (checksum(node) if node else "–"), data)
    ended = data.get("closes_epoch", open_epoch) < open_epoch
    place = _place(description, data, node)
    return Notification(
        id_, description, at, epoch, words, place, unread=id_ > read and not ended, ended=ended
    )


def _place(kind: Kind, data: dict[str, Any], node: str | None) -> str:
    if kind.place == "order" and node:
        return prepared_later(node, data.get("target"))
    places: list[tuple[str, list[Any]]] = []
    if "proposal" in data:
        places.append(("proposal", [data["proposal"]]))
    if kind.place == "dispute" and "dispute" in data:
        places.append(("dispute", [data["dispute"]]))
    if kind.place == "slash" and "slash" in data:
        places.append(("slash", [data["slash"]]))
    if kind.place == "admin":
        places.append(("admin:index", []))
    if kind.place == "portfolio":
        places.append(("portfolio", []))
    if node:
        places.append(("node", [checksum(node)]))
    for view, arguments in places:
        try:
            return reverse(view, args=arguments)
        except NoReverseMatch:
            continue
    return ""


def _parsed(values: tuple[Any, ...]) -> EventRow:
    row = EventRow(*values)
    return row._replace(data=json.loads(row.data)) if isinstance(row.data, str) else row


def _recipients(wallet: str) -> dict[str, Any]:
    return {
        "wallet": wallet,
        "single": named("wallet"),
        "people": named("node"),
        "everybody": named("all"),
    }


def _number(
    query: str, wallet: str, *, most: int | None, newest: int | None = None, **changed: list[str]
) -> int:
    with connection.cursor() as cursor:
        cursor.execute(query, {**_recipients(wallet), "most": most, "newest": _up_to(newest), **changed})
        return int(cursor.fetchone()[0])


def _up_to(newest: int | None) -> int:
    return MAX_ID if newest is None else newest
