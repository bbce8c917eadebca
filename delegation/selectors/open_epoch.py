"""The open epoch of one node so far: provisional counters, latest receipts, distance from a slash."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from postgres.batched_reads import batched_reads
from protocol.amounts import BPS
from protocol.parameters import Parameters
from protocol.performance import sla_bps
from staking.measurement.uptime import Slots, slots_so_far
from staking.models import Receipt
from staking.services.epochs import OpenEpoch

# Good and other receipts of a node have an index each.
COUNTS = """
SELECT (SELECT count(*) FROM staking_receipt WHERE epoch = %(epoch)s AND node_id = %(node)s AND good),
  count(*) FILTER (WHERE outcome = 0 AND proof < 2), count(*) FILTER (WHERE outcome = 1),
  count(*) FILTER (WHERE outcome = 2), count(*) FILTER (WHERE outcome = 3), count(*) FILTER (WHERE outcome = 4),
  count(*) FILTER (WHERE proof = 2), count(*) FILTER (WHERE proof = 3), count(*) FILTER (WHERE proof = 4)
FROM staking_receipt WHERE epoch = %(epoch)s AND node_id = %(node)s AND NOT good
"""
LATEST = """
(SELECT seq, job_id, accepted_at, latency_ms, deadline_ms, outcome, proof, good FROM staking_receipt
 WHERE epoch = %(epoch)s AND node_id = %(node)s AND good ORDER BY seq DESC LIMIT %(limit)s)
UNION ALL
(SELECT seq, job_id, accepted_at, latency_ms, deadline_ms, outcome, proof, good FROM staking_receipt
 WHERE epoch = %(epoch)s AND node_id = %(node)s AND NOT good ORDER BY seq DESC LIMIT %(limit)s)
ORDER BY seq DESC LIMIT %(limit)s
"""
COUNTED = ("good", "late", "timeouts", "rejected", "dropped", "mismatched", "unsigned", "invalid", "forged")


@dataclass(frozen=True, slots=True)
class Job:
    """A receipt as the console lists it; latency in ms."""

    job_id: str
    accepted_at: datetime
    latency_ms: int
    deadline_ms: int
    outcome: str
    proof: str
    good: bool

    @property
    def late(self) -> bool:
        return self.outcome == "completed" and self.latency_ms > self.deadline_ms


@dataclass(frozen=True, slots=True)
class OpenEpochCounts:
    """Counts of the open epoch so far. `late`: completed past the deadline. Slots are those that count by now."""

    epoch: int
    good: int
    late: int
    timeouts: int
    rejected: int
    dropped: int
    mismatched: int
    unsigned: int
    invalid: int
    forged: int
    node_slots: Slots
    params: Parameters
    latest: tuple[Job, ...]

    @property
    def heard(self) -> int:
        """Slots in which the node sent a heartbeat."""
        return self.node_slots.heard

    @property
    def slots(self) -> int:
        """Slots that count for the node."""
        return len(self.node_slots.counted)

    @property
    def accepted(self) -> int:
        """Jobs taken on; those rejected are not among them (R23)."""
        bad = self.late + self.timeouts + self.dropped + self.mismatched
        return self.good + bad + self.unsigned + self.invalid + self.forged

    @property
    def sla_bps(self) -> int | None:
        return sla_bps(self.good, self.accepted)

    @property
    def rejection_bps(self) -> int:
        jobs = self.accepted + self.rejected
        return BPS * self.rejected // jobs if jobs else 0

    @property
    def failures_left(self) -> int:
        """The number of failed jobs until the SLA falls below the threshold; 0 when it is below."""
        return max(BPS * self.good // self.params.sla_threshold_bps - self.accepted, 0)

    @property
    def good_needed(self) -> int:
        """The number of good jobs until the SLA reaches the threshold; 0 when it has."""
        threshold = self.params.sla_threshold_bps
        return max(-(-(threshold * self.accepted - BPS * self.good) // (BPS - threshold)), 0)

    @property
    def counts_for_slash(self) -> bool:
        """True if enough jobs are in for an SLA drop to be an offence (section 8)."""
        return self.accepted >= self.params.sla_min_jobs


def open_epoch_counts(
    node_id: int, *, registered_at: datetime, epoch: OpenEpoch, now: datetime
) -> OpenEpochCounts:
    """The node's open epoch up to `now`; five queries, one of which reads all heartbeats of the epoch."""
    values: dict[str, Any] = {"epoch": epoch.number, "node": node_id, "limit": 5}
    with batched_reads() as reads:
        counts = reads.submit(_rows, COUNTS, values)
        jobs = reads.submit(_rows, LATEST, values)
        slots = reads.submit(slots_so_far, node_id, registered_at=registered_at, epoch=epoch, now=now)
    named = dict(zip(COUNTED, counts.result()[0], strict=True))
    latest = tuple(_job(row) for row in jobs.result())
    return OpenEpochCounts(
        epoch.number, **named, node_slots=slots.result(), params=epoch.params, latest=latest
    )


def _rows(query: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows


def _job(row: tuple[Any, ...]) -> Job:
    _, job_id, accepted_at, latency_ms, deadline_ms, outcome, proof, good = row
    names = Receipt.Outcome(outcome).name.lower(), Receipt.Proof(proof).name.lower()
    return Job(job_id, accepted_at, latency_ms, deadline_ms, *names, good)
