"""What delegating to a node has brought: realised, over whole epochs that are settled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from protocol.amounts import BPS
from staking.measurement.live import open_epoch

WINDOWS = (7, 30, 90)
YEAR = 31_536_000
NEW_BELOW = 3

# Delegators got their part of the reward and of what slashes of others gave to honest nodes.
SUMS = """
SELECT e.node_id,
  sum(e.delegators_reward + e.honest_reward - e.honest_operator) FILTER (WHERE e.epoch >= %(open)s - w.size),
  sum(e.active_pool::numeric * extract(epoch FROM p."end" - p.start)::bigint)
    FILTER (WHERE e.epoch >= %(open)s - w.size),
  w.size
FROM staking_nodeepoch e JOIN staking_epoch p ON p.number = e.epoch
CROSS JOIN unnest(%(windows)s::int[]) AS w(size)
WHERE e.node_id = ANY(%(nodes)s::int[]) AND e.epoch >= %(open)s - %(longest)s AND e.epoch < %(open)s
GROUP BY e.node_id, w.size
"""
SETTLED = "SELECT node_id, count(*) FROM staking_nodeepoch WHERE node_id = ANY(%s::int[]) GROUP BY node_id"


@dataclass(frozen=True, slots=True)
class Returns:
    """Realised APR to delegators in bps per window of epochs (None: nothing was at work); epochs settled so far."""

    apr_bps: dict[int, int | None]
    settled: int

    @property
    def is_new(self) -> bool:
        """Whether the node has too short a past to say anything."""
        return self.settled < NEW_BELOW


def returns_of(node_ids: Sequence[int]) -> dict[int, Returns]:
    """What delegators of each node earned over 7, 30 and 90 epochs, as a year's worth, not compounded; two queries.

    APR = floor(10,000 × rewards × seconds of a year / Σ (active pool × seconds of the epoch)).
    """
    epoch = open_epoch()
    found: dict[int, dict[int, int | None]] = {id_: dict.fromkeys(WINDOWS) for id_ in node_ids}
    settled: dict[int, int] = {}
    if epoch is not None and node_ids:
        asked: dict[str, Any] = {"nodes": list(node_ids), "open": epoch.number}
        asked |= {"windows": list(WINDOWS), "longest": WINDOWS[-1]}
        with connection.cursor() as cursor:
            cursor.execute(SUMS, asked)
            for node_id, earned, at_work, size in cursor.fetchall():
                found[node_id][size] = _apr(earned, at_work)
            cursor.execute(SETTLED, [list(node_ids)])
            settled = dict(cursor.fetchall())
    return {id_: Returns(apr, settled.get(id_, 0)) for id_, apr in found.items()}


def _apr(earned: int | None, at_work: int | None) -> int | None:
    if not at_work:
        return None
    return int(earned or 0) * BPS * YEAR // int(at_work)
