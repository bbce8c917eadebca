"""Uptime of every node in an epoch, in two passes over its heartbeats (R25)."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection

from postgres.batched_reads import batched_reads
from protocol import performance as rules
from protocol.times import unix_ms
from staking.measurement.node_state import NodeState
from staking.models.node_sql import HAS_STATUS
from staking.services.epochs import OpenEpoch

HEARD_BY_SLOT = f"""
SELECT h.slot, count(*) FROM staking_heartbeat h JOIN staking_node n ON n.id = h.node_id
WHERE h.epoch = %(epoch)s AND h.slot < %(slots)s AND {HAS_STATUS["active"]} GROUP BY h.slot
"""
# A node that was registered during the epoch has its first slot in `late`.
HEARD_BY_NODE = """
SELECT h.node_id, count(*) FROM staking_heartbeat h
LEFT JOIN unnest(%(late)s::int[], %(first)s::int[]) AS late(node_id, first) ON late.node_id = h.node_id
WHERE h.epoch = %(epoch)s AND h.slot = ANY(%(counted)s::int[]) AND h.slot >= coalesce(late.first, 0)
GROUP BY h.node_id
"""
HEARD_OF_ONE = """
SELECT count(*) FROM staking_heartbeat
WHERE epoch = %(epoch)s AND slot = ANY(%(counted)s::int[]) AND node_id = %(node)s
"""
ANY_HEARTBEAT = "SELECT EXISTS (SELECT FROM staking_heartbeat WHERE epoch = %(epoch)s)"
ACTIVE_NODES = f"SELECT count(*) FROM staking_node n WHERE {HAS_STATUS['active']}"
MS = timedelta(milliseconds=1)


class Slots(NamedTuple):
    """The slots that count for a node, in their order, and in how many of them it sent a heartbeat."""

    counted: list[int]
    heard: int


def measure_uptime(nodes: list[NodeState], *, epoch: OpenEpoch, until: datetime) -> None:
    """Fill in counted slots, slots with a heartbeat, and uptime of the nodes, up to `until` (R25)."""
    active = sum(node.status == "active" for node in nodes)
    with batched_reads() as reads:
        any_heartbeat = reads.submit(_value, ANY_HEARTBEAT, {"epoch": epoch.number})
        heard_read = reads.submit(_heard_by_slot, epoch, until)
    silent = not any_heartbeat.result()
    slots, by_slot = heard_read.result()
    counted = rules.counted_slots(epoch.params, by_slot, active, slots)
    first = {node.id: _first_slot(node.registered_ms, epoch) for node in nodes}
    heard = _heard(counted, {id_: slot for id_, slot in first.items() if slot}, epoch)
    for node in nodes:
        node.slots_counted = len(counted) - bisect_left(counted, first[node.id])
        node.slots_heard = heard.get(node.id, 0)
        node.uptime_bps = rules.uptime_bps(node.slots_heard, node.slots_counted, oracle_silent=silent)


def slots_so_far(node_id: int, *, registered_at: datetime, epoch: OpenEpoch, now: datetime) -> Slots:
    """The slots of one node in the open epoch up to now; three queries, one of which reads all heartbeats of it."""
    with batched_reads() as reads:
        active = reads.submit(_value, ACTIVE_NODES, {"epoch": epoch.number})
        heard = reads.submit(_heard_by_slot, epoch, now)
    counted = rules.counted_slots(epoch.params, heard.result().by_slot, active.result(), heard.result().slots)
    return _slots_from(node_id, counted, registered_at, epoch)


def recent_slots(node_id: int, slots: Slots, *, since: datetime, epoch: OpenEpoch) -> Slots:
    """Those of the node's slots that end after `since`; one query."""
    return _slots_from(node_id, slots.counted, since, epoch)


def _slots_from(node_id: int, counted: list[int], moment: datetime, epoch: OpenEpoch) -> Slots:
    first = _first_slot(unix_ms(moment), epoch)
    slots = counted[bisect_left(counted, first) :]
    return Slots(slots, _value(HEARD_OF_ONE, {"epoch": epoch.number, "counted": slots, "node": node_id}))


class _Heard(NamedTuple):
    """The slots that have ended, and the number of nodes heard in each."""

    slots: int
    by_slot: dict[int, int]


def _heard_by_slot(epoch: OpenEpoch, until: datetime) -> _Heard:
    slot_ms = epoch.params.heartbeat_slot_seconds * 1000
    slots = max((min(until, epoch.end) - epoch.start) // MS, 0) // slot_ms
    with connection.cursor() as cursor:
        cursor.execute(HEARD_BY_SLOT, {"epoch": epoch.number, "slots": slots})
        return _Heard(slots, dict(cursor.fetchall()))


def _heard(counted: list[int], late: Mapping[int, int], epoch: OpenEpoch) -> dict[int, int]:
    """Counted slots with a heartbeat by node id; `late` has the first slot of nodes registered during the epoch."""
    if not counted:
        return {}
    values: dict[str, Any] = {
        "epoch": epoch.number,
        "counted": counted,
        "late": list(late),
        "first": list(late.values()),
    }
    with connection.cursor() as cursor:
        cursor.execute(HEARD_BY_NODE, values)
        return dict(cursor.fetchall())


def _first_slot(registered_ms: int, epoch: OpenEpoch) -> int:
    slot_ms = epoch.params.heartbeat_slot_seconds * 1000
    return rules.first_slot(registered_ms - unix_ms(epoch.start), slot_ms)


def _value(query: str, values: dict[str, Any]) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return cursor.fetchone()[0]
