"""Forecast of the limits of a node: when they are crossed at the present rate, and what that costs (R25, R28, R30)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from django.db import connection

from delegation.selectors.open_epoch import OpenEpochCounts
from postgres.batched_reads import batched_reads
from protocol import tiers
from protocol.amounts import BPS
from protocol.forecast import epochs_until_below, seconds_until_below
from protocol.parameters import Parameters
from protocol.performance import sla_factor
from staking.measurement.uptime import recent_slots
from staking.models import NodeEpoch, Slash
from staking.selectors.node_figures import NodeFigures
from staking.services.epochs import OpenEpoch

Measure = Literal["uptime", "sla", "rejection"]
# The present rate is that of the last part of an epoch: the last hour of a day.
RATE_PARTS = 24
FLOW_EPOCHS = 7
SLA_DROP = "sla_drop"
RECENT = """
SELECT count(*) FILTER (WHERE good), count(*) FILTER (WHERE outcome <> 2), count(*) FILTER (WHERE outcome = 2)
FROM staking_receipt
WHERE epoch = %(epoch)s AND node_id = %(node)s AND accepted_at > %(since)s AND accepted_at <= %(now)s
"""


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit of the open epoch. `value_bps`: so far, None when there is nothing to measure yet.

    `at`: when it is crossed at the present rate; None when not before the end of the epoch. `crossed`: it is already.
    `own` and `delegated`: µIFM that the slash takes; `reward`: µIFM that the operator earns less in each epoch.
    """

    measure: Measure
    value_bps: int | None
    limit_bps: int
    crossed: bool
    at: datetime | None
    own: int = 0
    delegated: int = 0
    reward: int = 0


@dataclass(frozen=True, slots=True)
class TierLimit:
    """The tier and its minimum, µIFM. `lost_per_epoch`: mean loss of stake over the last epochs, negative for a gain.

    `epoch`: the one in which the stake falls below the minimum at this rate, None when it does not. `reward`: µIFM
    that the operator earns less in each epoch with the bonus of the tier below.
    """

    tier: int
    minimum: int
    lost_per_epoch: int
    epoch: int | None
    reward: int


@dataclass(frozen=True, slots=True)
class Forecast:
    """`window_seconds`: the time over which the present rate is measured."""

    limits: tuple[Limit, ...]
    tier: TierLimit | None
    window_seconds: int


@dataclass(frozen=True, slots=True)
class _Rate:
    """Counts of the last `window` seconds."""

    window: int
    good: int
    accepted: int
    rejected: int
    heard: int
    slots: int


def forecast(
    node: NodeFigures, counts: OpenEpochCounts, *, last_reward: int | None, epoch: OpenEpoch, now: datetime
) -> Forecast:
    """Return the forecast of a node for the rest of the open epoch, and of its tier; four queries.

    `last_reward`: the operator's part of the last settled epoch, µIFM.
    """
    with batched_reads() as reads:
        recent = reads.submit(_recent, node, counts, epoch, now)
        repeated = reads.submit(_has_strike, node.id, epoch)
        tier_limit = reads.submit(_tier_limit, node, epoch.params, epoch.number, last_reward or 0)
    reward, rate = last_reward or 0, recent.result()
    degraded = reward - reward * min(node.q_bps, BPS) // node.q_bps
    limits = (
        _limit(
            "uptime", counts.heard, counts.slots, rate.heard, rate.slots, rate, epoch, now, reward=degraded
        ),
        _sla_limit(node, counts, rate, epoch, now, reward, repeated=repeated.result()),
        _rejection_limit(counts, rate, epoch, now, degraded),
    )
    return Forecast(limits, tier_limit.result(), epoch.params.epoch_seconds // RATE_PARTS)


def _recent(node: NodeFigures, counts: OpenEpochCounts, epoch: OpenEpoch, now: datetime) -> _Rate:
    window = epoch.params.epoch_seconds // RATE_PARTS
    since = max(epoch.start, now - timedelta(seconds=window))
    values: dict[str, Any] = {"epoch": epoch.number, "node": node.id, "since": since, "now": now}
    with batched_reads() as reads:
        recent_read = reads.submit(_recent_counts, values)
        slots_read = reads.submit(recent_slots, node.id, counts.node_slots, since=since, epoch=epoch)
    (good, accepted, rejected), slots = recent_read.result(), slots_read.result()
    seconds = max((now - since) // timedelta(seconds=1), 1)
    return _Rate(seconds, good, accepted, rejected, slots.heard, len(slots.counted))


def _recent_counts(values: dict[str, Any]) -> tuple[int, int, int]:
    """Good, accepted and rejected jobs of the time of the rate."""
    with connection.cursor() as cursor:
        cursor.execute(RECENT, values)
        good, accepted, rejected = cursor.fetchone()
        return good, accepted, rejected


def _has_strike(node_id: int, epoch: OpenEpoch) -> bool:
    """True if an SLA drop would be a repeated one."""
    first = epoch.number - epoch.params.sla_strike_window_epochs
    strikes = Slash.objects.filter(node_id=node_id, strike=True, epoch__gte=first, epoch__lt=epoch.number)
    return strikes.exclude(status=Slash.Status.OVERTURNED).exists()


def _limit(
    measure: Measure, hits: int, total: int, recent_hits: int, recent_total: int, rate: _Rate, epoch: OpenEpoch,
    now: datetime, *, own: int = 0, delegated: int = 0, reward: int = 0,
) -> Limit:  # fmt: skip
    limit_bps = _LIMITS[measure](epoch.params)
    seconds = seconds_until_below(
        hits, total, recent_hits=recent_hits, recent_total=recent_total, window_seconds=rate.window,
        limit_bps=limit_bps,
    )  # fmt: skip
    at = now + timedelta(seconds=seconds) if seconds else None
    return Limit(
        measure=measure,
        value_bps=BPS * hits // total if total else None,
        limit_bps=limit_bps,
        crossed=seconds == 0,
        at=at if at and at < epoch.end else None,
        own=own,
        delegated=delegated,
        reward=reward,
    )


def _sla_limit(
    node: NodeFigures,
    counts: OpenEpochCounts,
    rate: _Rate,
    epoch: OpenEpoch,
    now: datetime,
    reward: int,
    *,
    repeated: bool,
) -> Limit:
    offence = next(row for row in epoch.params.offences if row.name == SLA_DROP)
    self_bps, delegated_bps = offence.rates(repeated) if _enough_jobs(counts, rate, epoch, now) else (0, 0)
    lowest = sla_factor(epoch.params, 0)
    return _limit(
        "sla", counts.good, counts.accepted, rate.good, rate.accepted, rate, epoch, now,
        own=node.self_stake * self_bps // BPS,
        delegated=node.delegated * delegated_bps // BPS,
        reward=reward - reward * lowest // max(node.q_sla, lowest),
    )  # fmt: skip


def _enough_jobs(counts: OpenEpochCounts, rate: _Rate, epoch: OpenEpoch, now: datetime) -> bool:
    """Return whether the epoch will have the jobs at this rate from which on an SLA drop is an offence."""
    left = max((epoch.end - now) // timedelta(seconds=1), 0)
    return counts.accepted + rate.accepted * left // rate.window >= epoch.params.sla_min_jobs


def _rejection_limit(
    counts: OpenEpochCounts, rate: _Rate, epoch: OpenEpoch, now: datetime, reward: int
) -> Limit:
    """The limit of rejected jobs, as one of the jobs that were not rejected."""
    limit = _limit(
        "rejection", counts.accepted, counts.accepted + counts.rejected, rate.accepted,
        rate.accepted + rate.rejected, rate, epoch, now, reward=reward,
    )  # fmt: skip
    value = None if limit.value_bps is None else counts.rejection_bps
    return Limit(
        "rejection", value, epoch.params.rejection_limit_bps, limit.crossed, limit.at, reward=limit.reward
    )


_LIMITS = {
    "uptime": lambda params: params.uptime_floor_bps,
    "sla": lambda params: params.sla_threshold_bps,
    "rejection": lambda params: BPS - params.rejection_limit_bps,
}


def _tier_limit(node: NodeFigures, params: Parameters, epoch: int, reward: int) -> TierLimit | None:
    """The minimum of the present tier; None in tier 0."""
    tier = tiers.tier_of(params, node.effective_stake)
    if tier == 0:
        return None
    past = NodeEpoch.objects.filter(node_id=node.id, epoch__gte=epoch - FLOW_EPOCHS, epoch__lt=epoch)
    first = past.order_by("epoch").values_list("epoch", "self_stake", "pool_tokens").first()
    lost = 0
    if first:
        number, self_stake, pool_tokens = first
        lost = (self_stake + pool_tokens - node.effective_stake) // (epoch - number)
    minimum = params.tiers[tier].minimum
    left = epochs_until_below(node.effective_stake, lost_per_epoch=lost, minimum=minimum)
    bonus, lower = (BPS + tiers.bonus_bps(params, number) for number in (tier, tier - 1))
    return TierLimit(
        tier=tier,
        minimum=minimum,
        lost_per_epoch=lost,
        epoch=None if left is None else epoch + left,
        reward=reward - reward * lower // bonus,
    )
