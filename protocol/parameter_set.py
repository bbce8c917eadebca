"""One version of everything the DAO can change (section 3): µIFM, bps, seconds, counts."""

from __future__ import annotations

from dataclasses import dataclass

from protocol.amounts import MICRO
from protocol.errors import Invalid
from protocol.tables import JOB_CLASSES, OFFENCES, TIERS, Offence, Tier


@dataclass(frozen=True, slots=True)
class Parameters:
    """One version of the parameters; amounts in µIFM, ratios in bps."""

    epoch_seconds: int = 86_400
    ranking_seconds: int = 21_600
    unbonding_seconds: int = 604_800
    emission_per_epoch: int = 10_000 * MICRO
    min_amount: int = 1 * MICRO
    delegator_share_bps: int = 8_000
    delegator_share_max_cut_bps: int = 500
    sla_threshold_bps: int = 8_500
    sla_full_bps: int = 9_500
    sla_min_jobs: int = 10
    sla_strike_window_epochs: int = 30
    latency_window_jobs: int = 100
    heartbeat_slot_seconds: int = 300
    heard_quorum_bps: int = 2_000
    uptime_floor_bps: int = 8_000
    rejection_limit_bps: int = 2_000
    latency_cv_limit_bps: int = 10_000
    schema_mismatch_limit: int = 3
    cooldown_epochs: int = 3
    q_latency_bps: int = 1_000
    q_uptime_bps: int = 1_200
    q_stake_bps: int = 1_300
    q_scarcity_bps: int = 1_500
    q_stake_saturation: int = 10_000 * MICRO
    high_performer_bps: int = 12_000
    failure_penalty_bps: int = 500
    penalty_decay_bps: int = 5_000
    dispute_filing_epochs: int = 1
    dispute_voting_epochs: int = 1
    dispute_deposit: int = 50 * MICRO
    quorum_bps: int = 1_000
    proposal_threshold: int = 1_000 * MICRO
    proposal_voting_epochs: int = 3
    timelock_epochs: int = 1
    slash_burn_bps: int = 5_000
    slash_honest_bps: int = 2_500
    slash_delegators_bps: int = 2_500
    tiers: tuple[Tier, ...] = TIERS
    offences: tuple[Offence, ...] = OFFENCES


DEFAULTS = Parameters()


def classes_of_tier(params: Parameters, tier: int) -> tuple[str, ...]:
    """The job classes a node of this tier may take: its own and those of the tiers below (R6)."""
    return tuple(name for row in params.tiers if row.number <= tier for name in row.job_classes)


def minimum_tier_of_class(params: Parameters, job_class: str) -> int:
    """The lowest tier that may take a job class (R6). Raises Invalid for an unknown class."""
    for row in params.tiers:
        if job_class in row.job_classes:
            return row.number
    raise Invalid(f"Choose a job class among {', '.join(JOB_CLASSES)}.", field="job_class")
