"""The state of the network that every page shows, in one query: clock, open epoch, latest and next ranking."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from staking.models.node_sql import LATEST_RANKING
from staking.selectors.rankings import next_due

NETWORK_STATUS = f"""
SELECT coalesce(w.clock_offset_ms, 0), coalesce(jsonb_array_length(w.halted), 0) > 0,
  w.held_at IS NOT NULL, e.number, e.start, e."end",
  e.status, e.parameters_id, (p.values ->> 'ranking_seconds')::int, first.start, r.id, r.computed_at, r.nodes
FROM staking_epoch e LEFT JOIN staking_network w ON w.id = 1 JOIN staking_parameterset p ON p.version = e.parameters_id
JOIN staking_epoch first ON first.number = 1
LEFT JOIN staking_ranking r ON r.id = {LATEST_RANKING}
WHERE e.status <> 'settled'
"""


@dataclass(frozen=True, slots=True)
class EpochStatus:
    number: int
    start: datetime
    end: datetime
    status: str
    parameters_version: int


@dataclass(frozen=True, slots=True)
class RankingStatus:
    """`next_at`: the end of the ranking period in which it was computed (R49)."""

    id: int
    computed_at: datetime
    nodes: int
    next_at: datetime


@dataclass(frozen=True, slots=True)
class NetworkStatus:
    """`offset_ms`: how far the network clock is ahead of the wall clock. `halted`: the audit found faults.

    `held`: the operators of the service hold settlement, ranking and payments.
    `epoch` is None before the network's first start, `ranking` before the first ranking.
    """

    offset_ms: int
    halted: bool
    held: bool
    epoch: EpochStatus | None
    ranking: RankingStatus | None


def network_status() -> NetworkStatus:
    """The current state of the network; one query."""
    with connection.cursor() as cursor:
        cursor.execute(NETWORK_STATUS)
        row = cursor.fetchone()
    if row is None:
        return NetworkStatus(0, False, False, None, None)
    (
        offset,
        halted,
        held,
        number,
        start,
        end,
        status,
        version,
        ranking_seconds,
        first,
        ranking,
        computed_at,
        nodes,
    ) = row
    epoch = EpochStatus(number, start, end, status, version)
    if ranking is None:
        return NetworkStatus(offset, halted, held, epoch, None)
    next_at = next_due(first, computed_at, ranking_seconds)
    return NetworkStatus(offset, halted, held, epoch, RankingStatus(ranking, computed_at, nodes, next_at))


def live_version(status: NetworkStatus) -> str:
    """A text that changes with the open epoch, its status and the latest ranking; empty before the first start."""
    if status.epoch is None:
        return ""
    ranking = status.ranking.id if status.ranking else 0
    return f"{status.epoch.number}.{status.epoch.status}.{ranking}"
