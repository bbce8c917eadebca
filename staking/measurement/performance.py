"""Measure the work of every node in an epoch, in set-based passes over its receipts and heartbeats (R22–R28)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import DataError, connection, transaction

from protocol import performance as rules
from protocol.parameters import Parameters
from protocol.times import unix_ms
from staking.measurement.node_state import NodeState
from staking.models import Epoch, Receipt
from staking.services.epochs import OpenEpoch, parameters_of

# Σx² in 64 bits, which the server refuses to exceed, and without a bound at three times the cost.
SQUARES, WIDE_SQUARES = "sum(latency_ms * latency_ms)", "sum(latency_ms::numeric * latency_ms)"

# Good jobs and others in two plain aggregates, which the server runs in parallel, unlike a joint one.
GOOD = """
SELECT node_id, count(*), sum(credits)::text, sum(latency_ms)::text, {squares}::text
FROM staking_receipt WHERE epoch = %s AND good GROUP BY node_id
"""
DEMAND = "SELECT region, sum(jobs) FROM staking_demand WHERE epoch = %s GROUP BY region"
# Jobs that are not good are few, and have an index of their own.
BAD = """
SELECT node_id, outcome, proof, count(*) FROM staking_receipt
WHERE epoch = %s AND NOT good GROUP BY node_id, outcome, proof
"""
Outcome, Proof = Receipt.Outcome, Receipt.Proof

# The last N good jobs of each node, newest first; partitions are read backwards and only as far as needed.
WINDOWS = f"""
SELECT n.id, w.jobs, w.total, w.squares FROM unnest(%(nodes)s::int[]) AS n(id), LATERAL (
  SELECT count(*) AS jobs, coalesce(sum(latency_ms), 0) AS total, coalesce({WIDE_SQUARES}, 0) AS squares
  FROM (SELECT latency_ms FROM staking_receipt r
        WHERE r.node_id = n.id AND r.good AND r.epoch {{reach}} %(epoch)s
        ORDER BY r.epoch DESC, r.seq DESC LIMIT %(jobs)s) last) w
"""

HEARD = """
SELECT h.node_id, count(DISTINCT h.slot) FROM (
  SELECT node_id, floor(extract(epoch FROM at - %(start)s::timestamptz) / %(slot)s)::int AS slot
  FROM staking_heartbeat WHERE at >= %(start)s AND at < %(end)s) h
JOIN staking_node n ON n.id = h.node_id
WHERE h.slot < %(slots)s AND %(start)s::timestamptz + (h.slot + 1) * make_interval(secs => %(slot)s) > n.registered_at
GROUP BY h.node_id
"""
ANYONE = "SELECT EXISTS (SELECT FROM staking_heartbeat WHERE at >= %(start)s AND at < %(end)s)"

MS = timedelta(milliseconds=1)


def measure(nodes: list[NodeState], *, epoch: OpenEpoch, until: datetime) -> None:
    """Fill in the performance of the nodes in `epoch` up to `until`: its end, or now for live figures (R22–R28)."""
    params = epoch.params
    sums = _count_good(nodes, epoch.number)
    _count_bad(nodes, epoch.number)
    _move_windows(nodes, epoch.number, params, sums)
    _count_heartbeats(nodes, epoch, until)
    for node in nodes:
        node.sla_bps = rules.sla_bps(node.good, node.accepted)
        node.rejection_bps = rules.rejection_bps(node.rejected, node.accepted)
        node.latency_ms = rules.average_latency(node.latency_count, node.latency_sum)
        node.variation_bps = rules.variation_bps(node.latency_count, node.latency_sum, node.latency_squares)
    _compare(nodes, _demand(epoch.number))
    for node in nodes:
        _judge(node, params)


def _count_good(nodes: list[NodeState], epoch: int) -> dict[int, tuple[int, int]]:
    """Count good jobs and credits of the nodes; Σx and Σx² of the good latencies by node id."""
    sums: dict[int, tuple[int, int]] = {}
    by_id = {node.id: node for node in nodes}
    for id_, jobs, credits, total, squares in _good(epoch):
        node = by_id[id_]
        node.good = node.accepted = jobs
        node.credits = int(credits)
        sums[id_] = (int(total), int(squares))
    return sums


def _good(epoch: int) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        try:
            with transaction.atomic():
                cursor.execute(GOOD.format(squares=SQUARES), [epoch])
        except DataError:
            cursor.execute(GOOD.format(squares=WIDE_SQUARES), [epoch])
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows


def _demand(epoch: int) -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute(DEMAND, [epoch])
        return dict(cursor.fetchall())


def _count_bad(nodes: list[NodeState], epoch: int) -> None:
    by_id = {node.id: node for node in nodes}
    with connection.cursor() as cursor:
        cursor.execute(BAD, [epoch])
        for id_, outcome, proof, jobs in cursor.fetchall():
            node = by_id[id_]
            if outcome == Outcome.REJECTED:
                node.rejected += jobs
            else:
                node.accepted += jobs
            node.dropped += jobs if outcome == Outcome.DROPPED else 0
            node.mismatched += jobs if outcome == Outcome.SCHEMA_MISMATCH else 0
            node.invalid += jobs if proof == Proof.INVALID else 0
            node.forged += jobs if proof == Proof.FORGED else 0


def _move_windows(
    nodes: list[NodeState], epoch: int, params: Parameters, sums: dict[int, tuple[int, int]]
) -> None:
    """Move each node's window of the last N good latencies over the epoch (R24).

    While window and epoch fit N together, the window holds every good job ever and the epoch's sums are added;
    jobs are read one by one only where some fall out of it, or where the DAO changed N.
    """
    size = params.latency_window_jobs
    here: list[NodeState] = []
    across: list[NodeState] = []
    resized = _former_size(epoch) not in (None, size)
    for node in nodes:
        if node.good == size:
            node.latency_count, (node.latency_sum, node.latency_squares) = size, sums[node.id]
        elif node.good > size:
            here.append(node)
        elif resized and (node.latency_count or node.good):
            across.append(node)
        elif node.good:
            if node.latency_count + node.good > size:
                across.append(node)
                continue
            total, squares = sums[node.id]
            node.latency_count += node.good
            node.latency_sum += total
            node.latency_squares += squares
    _read_windows(here, epoch, size, "=")
    _read_windows(across, epoch, size, "<=")


def _former_size(epoch: int) -> int | None:
    digest = Epoch.objects.filter(number=epoch - 1).values_list("parameters__digest", flat=True).first()
    return None if digest is None else parameters_of(digest).latency_window_jobs


def _read_windows(nodes: list[NodeState], epoch: int, size: int, reach: str) -> None:
    if not nodes:
        return
    by_id = {node.id: node for node in nodes}
    ids = "{" + ",".join(map(str, by_id)) + "}"
    with connection.cursor() as cursor:
        cursor.execute(WINDOWS.format(reach=reach), {"nodes": ids, "epoch": epoch, "jobs": size})
        for id_, jobs, total, squares in cursor:
            node = by_id[id_]
            node.latency_count, node.latency_sum, node.latency_squares = jobs, int(total), int(squares)


def _count_heartbeats(nodes: list[NodeState], epoch: OpenEpoch, until: datetime) -> None:
    slot_ms = epoch.params.heartbeat_slot_seconds * 1000
    length_ms = (epoch.end - epoch.start) // MS
    until_ms = (until - epoch.start) // MS
    slots = min(until_ms, length_ms) // slot_ms
    asked: dict[str, Any] = {"start": epoch.start, "end": epoch.end, "slot": slot_ms // 1000, "slots": slots}
    with connection.cursor() as cursor:
        cursor.execute(ANYONE, asked)
        silent = not cursor.fetchone()[0]
        cursor.execute(HEARD, asked)
        heard = dict(cursor.fetchall())
    start = unix_ms(epoch.start)
    for node in nodes:
        first, last = rules.counted_slots(0, slot_ms, node.registered_ms - start, until_ms, length_ms)
        node.uptime_bps = rules.uptime_bps(heard.get(node.id, 0), last - first, oracle_silent=silent)


def _compare(nodes: list[NodeState], demand: dict[str, int]) -> None:
    """Latency percentiles and scarcity, which set nodes against each other (R24, R26)."""
    active = [node for node in nodes if node.status == "active"]
    averages = {node.id: node.latency_ms for node in active if node.latency_ms is not None}
    percentiles = rules.latency_percentiles(averages)
    supply: dict[str, int] = {}
    for node in active:
        supply[node.region] = supply.get(node.region, 0) + 1
    scarcity = rules.scarcity(demand, supply)
    for node in nodes:
        node.latency_percentile_bps = percentiles.get(node.id, 0)
        node.scarcity_bps = scarcity.get(node.region, 0)


def _judge(node: NodeState, params: Parameters) -> None:
    node.degraded = rules.is_degraded(params, node.uptime_bps, node.rejection_bps, node.variation_bps)
    terms = rules.q_factor(
        params,
        node.latency_percentile_bps,
        node.uptime_bps,
        node.active_stake + node.active_pool,
        node.scarcity_bps,
        node.sla_bps,
    )
    node.q_latency, node.q_uptime, node.q_stake, node.q_scarcity = terms[:4]
    node.q_sla = terms.sla
    node.q_bps = rules.cap_degraded(terms.q, node.degraded)
