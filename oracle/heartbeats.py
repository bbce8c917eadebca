"""Heartbeats: record a batch in the slots of the open epoch, in one set-based statement (R25).

Figure: heartbeats, batch of 10,000
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import connection, transaction

from oracle.batch_parsing import AHEAD, LAST_MS, BatchResult, read_address, read_moment, read_object
from postgres.binary_copy import BigintArray, execute
from protocol.addresses import checksum
from protocol.errors import NotFound, ProtocolError, ReceiptTime
from protocol.times import unix_ms
from staking.models import Node
from staking.services.epochs import OpenEpoch, lock_open_epoch

INSERT = """
INSERT INTO staking_heartbeat_e{epoch} (epoch, slot, node_id)
SELECT {epoch}, slot, node_id FROM unnest(%(slots)b::bigint[], %(nodes)b::bigint[]) AS sent(slot, node_id)
ON CONFLICT DO NOTHING RETURNING 1
"""
# All are stored, since the epoch that they belong to may have slots of another length. The rows are the first ones in
# their slots, which are counted from the end of the open epoch with its length.
INSERT_EARLY = """
WITH sent AS (
  SELECT timestamptz 'epoch' + ms * interval '1 millisecond' AS at, node_id, (ms - {end}) / {slot} AS slot
  FROM unnest(%(moments)b::bigint[], %(nodes)b::bigint[]) AS moment(ms, node_id)),
span AS (SELECT min(at) - {slot} * interval '1 millisecond' AS first,
    max(at) + {slot} * interval '1 millisecond' AS last FROM sent),
inserted AS (
  INSERT INTO staking_earlyheartbeat (at, node_id) SELECT at, node_id FROM sent ON CONFLICT DO NOTHING)
SELECT slot, node_id FROM sent EXCEPT
SELECT ((extract(epoch FROM e.at) * 1000)::bigint - {end}) / {slot}, e.node_id
FROM staking_earlyheartbeat e, span WHERE e.at BETWEEN span.first AND span.last
"""


class Sent(NamedTuple):
    """A well-formed heartbeat: its position in the batch, the node's address, Unix ms."""

    position: int
    node: str
    at: int


class Times(NamedTuple):
    """The open epoch [start, end), the latest time accepted, and the length of a slot, all in ms."""

    start: int
    end: int
    latest: int
    slot: int


def ingest(*, items: Sequence[object], now: datetime, ahead: bool = False) -> BatchResult:
    """Record a batch of heartbeats, each an object `{node, at}`; each item has a result of its own.

    A further heartbeat in a slot is a duplicate and changes nothing. `ahead`: imported heartbeats, which may be at any
    later time; those past the end of the open epoch count when their epoch is settled. Codes of rejected items:
    `receipt_invalid`, `address_invalid`, `not_found`, `receipt_time`.
    """
    result = BatchResult()
    sent = _read(items, result)
    with transaction.atomic():
        epoch = lock_open_epoch()
        nodes = dict(
            Node.objects.filter(address__in={item.node for item in sent}).values_list("address", "id")
        )
        times = _times(epoch, now, ahead=ahead)
        slots: set[tuple[int, int]] = set()
        early: set[tuple[int, int]] = set()
        for item in sent:
            try:
                node_id = _node_id(item.node, nodes)
                _check_time(item.at, times)
            except ProtocolError as error:
                result.reject(item.position, None, error)
                continue
            if item.at < times.end:
                slots.add(((item.at - times.start) // times.slot, node_id))
            else:
                early.add((item.at, node_id))
        result.accepted = _insert(slots, epoch.number) + _insert_early(early, times)
    result.duplicates = len(items) - len(result.rejected) - result.accepted
    result.rejected.sort(key=lambda item: item.index)
    return result


def _read(items: Sequence[object], result: BatchResult) -> list[Sent]:
    sent = []
    for index, item in enumerate(items):
        try:
            get = read_object(item).get
            sent.append(Sent(index, read_address(get("node"), "node"), read_moment(get("at"), "at")))
        except ProtocolError as error:
            result.reject(index, None, error)
    return sent


def _times(epoch: OpenEpoch, now: datetime, *, ahead: bool) -> Times:
    latest = LAST_MS if ahead else unix_ms(now + AHEAD)
    slot = epoch.params.heartbeat_slot_seconds * 1000
    return Times(unix_ms(epoch.start), unix_ms(epoch.end), latest, slot)


def _node_id(node: str, nodes: dict[str, int]) -> int:
    if node not in nodes:
        raise NotFound(f"No node has the address {checksum(node)}.", field="node")
    return nodes[node]


def _check_time(at: int, times: Times) -> None:
    if at < times.start:
        raise ReceiptTime("at is before the start of the open epoch.", field="at")
    if at > times.latest:
        raise ReceiptTime("at is more than five minutes ahead of the network clock.", field="at")


def _insert(slots: set[tuple[int, int]], epoch: int) -> int:
    """Insert (slot, node id) pairs; how many are new. In their order, so that two batches cannot deadlock."""
    if not slots:
        return 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT staking_open_partition(%s)", [epoch])
    numbers, nodes = (BigintArray.of(column) for column in zip(*sorted(slots), strict=True))
    return len(execute(INSERT.format(epoch=epoch), {"slots": numbers, "nodes": nodes}))


def _insert_early(early: set[tuple[int, int]], times: Times) -> int:
    """Insert (Unix ms, node id) pairs past the end of the open epoch; how many are the first in their slots."""
    if not early:
        return 0
    moments, nodes = (BigintArray.of(column) for column in zip(*sorted(early), strict=True))
    statement = INSERT_EARLY.format(end=times.end, slot=times.slot)
    return len(execute(statement, {"moments": moments, "nodes": nodes}))
