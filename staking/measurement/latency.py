"""The window of each node's last N good latencies, moved from epoch to epoch (R24).

A node carries the sums over its window and the position of the window's first job, so that moving it reads only the
jobs that leave it: the cost of an epoch does not depend on how many epochs were ever settled.

Figure: settlement of 10,000 nodes and 1,000,000 receipts, performance pass
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import connection

from staking.measurement.node_state import NodeState

SUMS = """
SELECT count(*) AS jobs, coalesce(sum(latency_ms), 0) AS total,
  coalesce(sum(latency_ms::numeric * latency_ms), 0) AS squares, min(seq) AS first, max(seq) AS last
"""
# Good jobs of one node in one epoch. Those whose receipts were dropped have their latencies in a table of their own.
JOBS = """(
  SELECT seq, latency_ms FROM staking_receipt WHERE epoch = %(epoch)s AND node_id = w.node_id AND good
  UNION ALL SELECT seq, latency_ms FROM staking_windowlatency WHERE epoch = %(epoch)s AND node_id = w.node_id
) job"""
WINDOWS = "FROM unnest(%(nodes)s::int[], %(seqs)s::bigint[], %(limits)s::int[]) AS w(node_id, seq, jobs)"
OLDEST = f"""
SELECT w.node_id, s.* {WINDOWS}, LATERAL ({SUMS} FROM (
  SELECT seq, latency_ms FROM {JOBS} WHERE seq > w.seq ORDER BY seq LIMIT w.jobs) oldest) s
"""
NEWEST = f"""
SELECT w.node_id, s.* {WINDOWS}, LATERAL ({SUMS} FROM (
  SELECT seq, latency_ms FROM {JOBS} WHERE seq <= w.seq ORDER BY seq DESC LIMIT w.jobs) newest) s
"""
# Settled epochs next to `epoch` in which a node had good jobs.
NEXT_EPOCHS = """
SELECT node_id, min(epoch) FROM staking_nodeepoch
WHERE node_id = ANY(%(nodes)s) AND epoch > %(epoch)s AND good > 0 GROUP BY node_id
"""
FORMER_EPOCHS = """
SELECT node_id, max(epoch) FROM staking_nodeepoch
WHERE node_id = ANY(%(nodes)s) AND epoch < %(epoch)s AND good > 0 GROUP BY node_id
"""
PRESERVE = """
INSERT INTO staking_windowlatency (node_id, epoch, seq, latency_ms)
SELECT r.node_id, r.epoch, r.seq, r.latency_ms
FROM staking_receipt r JOIN staking_nodeepoch e ON e.node_id = r.node_id AND e.epoch = %(settled)s
WHERE r.epoch = %(epoch)s AND r.good AND (e.window_epoch, e.window_after) < (r.epoch, r.seq)
ON CONFLICT DO NOTHING
"""
LAST_SEQ = 2**63 - 1


def move_windows(
    nodes: Iterable[NodeState], sums: Mapping[int, tuple[int, int]], *, epoch: int, size: int
) -> None:
    """Move each node's window of `size` good jobs over `epoch`; `sums` has Σx and Σx² of its good latencies there."""
    long: list[NodeState] = []
    overfull: list[NodeState] = []
    for node in nodes:
        if not node.good:
            continue
        if node.good >= size or not node.latency_count:
            node.latency_count = node.latency_sum = node.latency_squares = 0
            node.window_epoch, node.window_after = epoch, 0
        _add(node, node.good, *sums[node.id])
        if node.good > size:
            long.append(node)
        elif node.latency_count > size:
            overfull.append(node)
    _read_newest(long, epoch, size)
    _drop_oldest(overfull, epoch, size)


def resize_windows(nodes: Iterable[NodeState], *, epoch: int, size: int, next_size: int) -> None:
    """Change the windows at the close of `epoch` from `size` jobs to the `next_size` of the next epoch.

    A window that becomes larger takes in former jobs, as far as their receipts are stored.
    """
    if next_size < size:
        _drop_oldest([node for node in nodes if node.latency_count > next_size], epoch, next_size)
    elif next_size > size:
        _add_former([node for node in nodes if node.latency_count == size], next_size)


def preserve_latencies(*, epoch: int, settled: int) -> None:
    """Copy the latencies of `epoch` that are in windows at the close of `settled`; its receipts may be dropped then."""
    with connection.cursor() as cursor:
        cursor.execute(PRESERVE, {"epoch": epoch, "settled": settled})


def _read_newest(nodes: list[NodeState], epoch: int, size: int) -> None:
    """Windows that lie in one epoch: its newest `size` jobs."""
    for node, jobs, total, squares, first, _ in _jobs(NEWEST, nodes, epoch, [LAST_SEQ] * len(nodes), size):
        node.latency_count, node.latency_sum, node.latency_squares = jobs, total, squares
        node.window_after = first - 1


def _drop_oldest(nodes: list[NodeState], epoch: int, size: int) -> None:
    """Drop the oldest jobs of each window until it has `size`; `epoch` is the last one with jobs in it.

    Raises LookupError when receipts were dropped without `preserve_latencies`.
    """
    waiting = _by_window_epoch(nodes)
    while waiting:
        start = min(waiting)
        group = waiting.pop(start)
        limits = [node.latency_count - size for node in group]
        for node, jobs, total, squares, _, last in _jobs(
            OLDEST, group, start, [node.window_after for node in group], limits
        ):
            if not jobs and not node.window_after:
                raise LookupError(
                    f"the jobs of node {node.address} in epoch {start} are missing from its window"
                )
            _add(node, -jobs, -total, -squares)
            node.window_after = last or node.window_after
        unfinished = [node for node in group if node.latency_count > size]
        following = _epochs(NEXT_EPOCHS, unfinished, start)
        for node in unfinished:
            node.window_epoch, node.window_after = following.get(node.id, epoch), 0
            waiting.setdefault(node.window_epoch, []).append(node)


def _add_former(nodes: list[NodeState], size: int) -> None:
    """Add to each window the jobs before it until it has `size`, or all that are stored."""
    waiting = _by_window_epoch(nodes)
    ends = {node.id: node.window_after for node in nodes}
    while waiting:
        start = max(waiting)
        group = waiting.pop(start)
        limits = [size - node.latency_count for node in group]
        for node, jobs, total, squares, first, _ in _jobs(
            NEWEST, group, start, [ends[node.id] for node in group], limits
        ):
            _add(node, jobs, total, squares)
            if jobs:
                node.window_epoch, node.window_after = start, first - 1
        unfinished = [node for node in group if node.latency_count < size]
        former = _epochs(FORMER_EPOCHS, unfinished, start)
        for node in unfinished:
            if node.id in former:
                ends[node.id] = LAST_SEQ
                waiting.setdefault(former[node.id], []).append(node)


def _add(node: NodeState, jobs: int, total: int, squares: int) -> None:
    node.latency_count += jobs
    node.latency_sum += total
    node.latency_squares += squares


def _by_window_epoch(nodes: Iterable[NodeState]) -> dict[int, list[NodeState]]:
    groups: dict[int, list[NodeState]] = {}
    for node in nodes:
        groups.setdefault(node.window_epoch, []).append(node)
    return groups


def _jobs(
    query: str, nodes: list[NodeState], epoch: int, seqs: list[int], limits: int | list[int]
) -> list[tuple[NodeState, int, int, int, int, int]]:
    """(node, jobs, Σx, Σx², first seq, last seq) of the jobs that a query selects for each node; one partition."""
    if not nodes:
        return []
    by_id = {node.id: node for node in nodes}
    each = [limits] * len(nodes) if isinstance(limits, int) else limits
    values: dict[str, Any] = {"epoch": epoch, "nodes": list(by_id), "seqs": seqs, "limits": each}
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return [
            (by_id[id_], jobs, int(total), int(squares), first, last)
            for id_, jobs, total, squares, first, last in cursor.fetchall()
        ]


def _epochs(query: str, nodes: list[NodeState], epoch: int) -> dict[int, int]:
    if not nodes:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(query, {"nodes": [node.id for node in nodes], "epoch": epoch})
        return dict(cursor.fetchall())
