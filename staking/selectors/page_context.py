"""What frames every page, in one query: the clock's offset, the running epoch, the latest ranking and the next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from staking.selectors.rankings import next_due

FRAME = """
SELECT coalesce(w.clock_offset_ms, 0), coalesce(jsonb_array_length(w.halted), 0) > 0, e.number, e.start, e."end",
  e.status, e.parameters_id, (p.values ->> 'ranking_seconds')::int, first.start, r.id, r.computed_at, r.nodes
FROM staking_epoch e LEFT JOIN staking_network w ON w.id = 1 JOIN staking_parameterset p ON p.version = e.parameters_id
JOIN staking_epoch first ON first.number = 1
LEFT JOIN LATERAL (SELECT id, computed_at, nodes FROM staking_ranking ORDER BY id DESC LIMIT 1) r ON true
WHERE e.status <> 'settled'
"""


@dataclass(frozen=True, slots=True)
class RunningEpoch:
    number: int
    start: datetime
    end: datetime
    status: str
    parameters_version: int


@dataclass(frozen=True, slots=True)
class RankingInForce:
    """`next_at`: the end of the ranking period in which it was computed (R49)."""

    id: int
    computed_at: datetime
    nodes: int
    next_at: datetime


@dataclass(frozen=True, slots=True)
class Frame:
    """`offset_ms`: how far the network clock is ahead of the wall clock. `halted`: the audit found faults.

    None: the network has not started, or has no ranking yet.
    """

    offset_ms: int
    halted: bool
    epoch: RunningEpoch | None
    ranking: RankingInForce | None


def frame() -> Frame:
    """Read the frame. One query."""
    with connection.cursor() as cursor:
        cursor.execute(FRAME)
        row = cursor.fetchone()
    if row is None:
        return Frame(0, False, None, None)
    (
        offset,
        halted,
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
    epoch = RunningEpoch(number, start, end, status, version)
    if ranking is None:
        return Frame(offset, halted, epoch, None)
    next_at = next_due(first, computed_at, ranking_seconds)
    return Frame(offset, halted, epoch, RankingInForce(ranking, computed_at, nodes, next_at))


def live_word(read: Frame) -> str:
    """Which epoch and which ranking are in force, as a word that changes when either does."""
    if read.epoch is None:
        return ""
    ranking = read.ranking.id if read.ranking else 0
    return f"{read.epoch.number}.{read.epoch.status}.{ranking}"
