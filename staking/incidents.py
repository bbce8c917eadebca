"""Incidents of a node: falls of its rank, Q factor, SLA and uptime between two epochs, each with its causes.

Everything is computed from what the epochs recorded: pure functions over integers. Ratios are bps, stake is µIFM.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, NamedTuple

from protocol.amounts import BPS

SLA_FALL_BPS = 100
UPTIME_FALL_BPS = 100
Q_FALL_BPS = 300
# A rank falls by at least RANK_FALL places, and by one place for every RANK_FALL_PART ranked nodes.
RANK_FALL = 3
RANK_FALL_PART = 20
CAUSES_NAMED = 2

Measure = Literal["rank", "q", "sla", "uptime"]


class Place(NamedTuple):
    """A node's row in the last ranking of an epoch."""

    rank: int
    ranked: int
    score_bps: int
    q_bps: int
    penalty_bps: int
    degraded: bool


@dataclass(frozen=True, slots=True)
class EpochRecord:
    """The record of a node in a settled epoch.

    Stakes are those at its close, after slashes; `own_slashed` and `pool_slashed` are what slashes executed by its
    settlement took from them. `ranked`: there was a ranking in the epoch, with the node or without it.
    """

    epoch: int
    status: str
    accepted: int
    good: int
    dropped: int
    mismatched: int
    invalid: int
    forged: int
    sla_bps: int | None
    uptime_bps: int
    degraded: bool
    q_bps: int
    q_latency: int
    q_uptime: int
    q_stake: int
    q_scarcity: int
    q_sla: int
    share_bps: int
    self_stake: int
    pool_tokens: int
    place: Place | None = None
    ranked: bool = True
    own_slashed: int = 0
    pool_slashed: int = 0


class Cause(NamedTuple):
    """The cause of a fall. `amount`: jobs for failures, bps for terms of Q and of the score, else 0."""

    name: str
    amount: int = 0


class Incident(NamedTuple):
    """A fall of one figure in an epoch; `after` is None when the node left the ranking. Causes by their effect."""

    epoch: int
    measure: Measure
    before: int
    after: int | None
    causes: tuple[Cause, ...]


class StakeFlow(NamedTuple):
    """Stake that came to a node (positive) or left it in an epoch without slashes, in µIFM: own and delegated."""

    own: int
    delegated: int


def incidents_of(records: Sequence[EpochRecord]) -> list[Incident]:
    """The incidents of consecutive epochs, oldest first. The first record is only compared with."""
    incidents: list[Incident] = []
    known_sla, ranked = None, None
    for old, new in pairwise(records):
        known_sla = old.sla_bps if old.sla_bps is not None else known_sla
        # An epoch without a ranking says nothing about the rank.
        ranked = old if old.ranked else ranked
        rank = _rank(ranked, new) if ranked is not None and new.ranked else None
        candidates = (rank, _q(old, new), _sla(known_sla, new), _uptime(old, new))
        incidents += [incident for incident in candidates if incident]
    return incidents


def stake_flow(old: EpochRecord | None, new: EpochRecord) -> StakeFlow:
    """The flow in the epoch of `new`: the difference of both closes and what slashes took, exact.

    `old` None: the first epoch of the node, which starts from 0.
    """
    own, pool = (old.self_stake, old.pool_tokens) if old else (0, 0)
    return StakeFlow(new.self_stake - own + new.own_slashed, new.pool_tokens - pool + new.pool_slashed)


def _sla(before: int | None, new: EpochRecord) -> Incident | None:
    after = new.sla_bps
    if before is None or after is None or before - after < SLA_FALL_BPS:
        return None
    named = [Cause(name, getattr(new, name)) for name in ("dropped", "mismatched", "invalid", "forged")]
    late = new.accepted - new.good - sum(cause.amount for cause in named)
    return Incident(new.epoch, "sla", before, after, _largest([*named, Cause("late", late)], most=5))


def _uptime(old: EpochRecord, new: EpochRecord) -> Incident | None:
    if old.uptime_bps - new.uptime_bps < UPTIME_FALL_BPS:
        return None
    causes = (Cause("silent", BPS - new.uptime_bps),)
    return Incident(new.epoch, "uptime", old.uptime_bps, new.uptime_bps, causes)


def _q(old: EpochRecord, new: EpochRecord) -> Incident | None:
    if old.q_bps - new.q_bps < Q_FALL_BPS:
        return None
    raw = BPS + old.q_latency + old.q_uptime + old.q_stake + old.q_scarcity
    causes = [
        Cause("latency", old.q_latency - new.q_latency),
        Cause("uptime", old.q_uptime - new.q_uptime),
        Cause("stake", old.q_stake - new.q_stake),
        Cause("scarcity", old.q_scarcity - new.q_scarcity),
        Cause("sla", raw * (old.q_sla - new.q_sla) // BPS),
    ]
    degraded = [Cause("degraded")] if new.degraded and not old.degraded else []
    return Incident(new.epoch, "q", old.q_bps, new.q_bps, (*degraded, *_largest(causes)))


def _rank(old: EpochRecord, new: EpochRecord) -> Incident | None:
    before, after = old.place, new.place
    if before is None:
        return None
    if after is None:
        return Incident(new.epoch, "rank", before.rank, None, (Cause(new.status),))
    if after.rank - before.rank < max(RANK_FALL, after.ranked // RANK_FALL_PART):
        return None
    return Incident(new.epoch, "rank", before.rank, after.rank, _rank_causes(before, after))


def _rank_causes(before: Place, after: Place) -> tuple[Cause, ...]:
    if after.degraded and not before.degraded:
        return (Cause("degraded"),)
    if after.score_bps >= before.score_bps:
        return (Cause("others"),)
    parts = [
        Cause("q", before.q_bps - after.q_bps),
        Cause("penalty", after.penalty_bps - before.penalty_bps),
    ]
    return (Cause("score", before.score_bps - after.score_bps), *_largest(parts))


def _largest(causes: Iterable[Cause], most: int = CAUSES_NAMED) -> tuple[Cause, ...]:
    """The causes with an effect, the largest first."""
    return tuple(
        sorted((cause for cause in causes if cause.amount > 0), key=lambda cause: -cause.amount)[:most]
    )
