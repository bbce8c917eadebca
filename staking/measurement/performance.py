"""Measure the work of every node in an epoch, in set-based passes over its receipts and heartbeats (R22–R28)."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection

from postgres.batched_reads import batched_reads
from protocol import performance as rules
from protocol.parameters import Parameters
from staking.measurement.latency import move_windows
from staking.measurement.node_state import NodeState
from staking.measurement.uptime import measure_uptime
from staking.models import Receipt
from staking.services.epochs import OpenEpoch

# Good jobs and others in two plain aggregates, which the server runs in parallel, unlike a joint one.
# x² in 64 bits where it fits, since a numeric costs three times as much.
GOOD = """
SELECT node_id, count(*), sum(credits)::text, sum(latency_ms)::text,
  (coalesce(sum(latency_ms * latency_ms) FILTER (WHERE latency_ms < 2147483648), 0)
  + coalesce(sum(latency_ms::numeric * latency_ms) FILTER (WHERE latency_ms >= 2147483648), 0))::text
FROM staking_receipt WHERE epoch = %s AND good GROUP BY node_id
"""
DEMAND = "SELECT region, sum(jobs) FROM staking_demand WHERE epoch = %s GROUP BY region"
# Jobs that are not good are few, and have an index of their own.
BAD = """
SELECT node_id, outcome, proof, count(*) FROM staking_receipt
WHERE epoch = %s AND NOT good GROUP BY node_id, outcome, proof
"""
Outcome, Proof = Receipt.Outcome, Receipt.Proof


class LatencySums(NamedTuple):
    """Σx and Σx² of a node's good latencies in an epoch."""

    total: int
    squares: int


def measure(nodes: list[NodeState], *, epoch: OpenEpoch, until: datetime) -> None:
    """Fill in the performance of the nodes in `epoch` up to `until`: its end, or now for live figures (R22–R28)."""
    params = epoch.params
    with batched_reads() as reads:
        good = reads.submit(_rows, GOOD, epoch.number)
        bad = reads.submit(_rows, BAD, epoch.number)
        demand = reads.submit(_rows, DEMAND, epoch.number)
        reads.submit(measure_uptime, nodes, epoch=epoch, until=until)
    sums = _count_good(nodes, good.result())
    _count_bad(nodes, bad.result())
    move_windows(nodes, sums, epoch=epoch.number, size=params.latency_window_jobs)
    for node in nodes:
        if node.accepted or node.rejected:
            node.last_receipt_epoch = epoch.number
        node.sla_bps = rules.sla_bps(node.good, node.accepted)
        node.rejection_bps = rules.rejection_bps(node.rejected, node.accepted)
        node.latency_ms = rules.average_latency(node.latency_count, node.latency_sum)
        node.variation_bps = rules.variation_bps(node.latency_count, node.latency_sum, node.latency_squares)
    _compare(nodes, dict(demand.result()))
    for node in nodes:
        _judge(node, params)


def _rows(query: str, epoch: int) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, [epoch])
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows


def _count_good(nodes: list[NodeState], rows: list[tuple[Any, ...]]) -> dict[int, LatencySums]:
    """Count good jobs and credits of the nodes; the sums of their good latencies by node id."""
    sums: dict[int, LatencySums] = {}
    by_id = {node.id: node for node in nodes}
    for id_, jobs, credits, total, squares in rows:
        node = by_id[id_]
        node.good = node.accepted = jobs
        node.credits = int(credits)
        sums[id_] = LatencySums(int(total), int(squares))
    return sums


def _count_bad(nodes: list[NodeState], rows: list[tuple[Any, ...]]) -> None:
    by_id = {node.id: node for node in nodes}
    for id_, outcome, proof, jobs in rows:
        node = by_id[id_]
        if outcome == Outcome.REJECTED:
            node.rejected += jobs
        else:
            node.accepted += jobs
        node.dropped += jobs if outcome == Outcome.DROPPED else 0
        node.mismatched += jobs if outcome == Outcome.SCHEMA_MISMATCH else 0
        node.invalid += jobs if proof == Proof.INVALID else 0
        node.forged += jobs if proof == Proof.FORGED else 0


def _compare(nodes: list[NodeState], demand: dict[str, int]) -> None:
    """Latency percentiles and scarcity, which compare nodes with each other (R24, R26)."""
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
