"""Rewards of a settlement, and their effect on penalty and reputation (R31, R38–R41, R48)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from protocol.amounts import BPS
from protocol.bounds import SHARE_CEILING, SHARE_FLOOR
from protocol.errors import ParameterOutOfBounds, ShareCutTooLarge
from protocol.parameters import Parameters

PENALTY_PER_SLASH: Final = 2_500
PENALTY_CAP: Final = 9_000
PENALISED_FAILURES: Final = 10
REPUTATION_START: Final = 500
REPUTATION_CAP: Final = 1_000


class RewardSplit(NamedTuple):
    """A node's reward in µIFM: what its operator gets and what goes to the delegators' index."""

    operator: int
    delegators: int


def weight(job_credits: int, bonus_bps: int, q: int, *, barred: bool = False) -> int:
    """The weight of a node in the settlement: credits (µIFM) × (10,000 + bonus) × Q, exact (R39).

    `barred`: it spent the epoch banned or in cooldown, or has a forged or invalid proof in it.
    """
    return 0 if barred else job_credits * (BPS + bonus_bps) * q


def distribute(pool: int, weights: Sequence[int]) -> tuple[list[int], int]:
    """Rewards in µIFM, floor(pool × weight / Σ weights) each, and the carry that rounding leaves (R40).

    With no weight at all the whole pool is carried.
    """
    total = sum(weights)
    if total == 0:
        return [0] * len(weights), pool
    rewards = [pool * part // total for part in weights]
    return rewards, pool - sum(rewards)


def split_reward(reward: int, active_self: int, active_pool: int, share_bps: int) -> RewardSplit:
    """A node's reward by its active stakes (all µIFM) and the delegators' share (R41).

    Both divisions round down; what they leave is the operator's, as is all without active delegation.
    """
    if active_pool == 0:
        return RewardSplit(reward, 0)
    portion = reward * active_pool // (active_self + active_pool)
    delegators = portion * share_bps // BPS
    return RewardSplit(reward - delegators, delegators)


def next_penalty(
    params: Parameters, old: int, failed_jobs: int, severity_bps: int, *, high_performer: bool, slashes: int
) -> int:
    """The penalty on the ranking score after a settlement, in bps, every product rounded down (R31).

    At most ten failed jobs count, the first by half for a high performer; 9,000 is the most.
    """
    each = params.failure_penalty_bps * severity_bps // BPS
    counted = min(failed_jobs, PENALISED_FAILURES)
    failures = each * counted
    if high_performer and counted:
        failures -= each - each // 2
    decayed = old * params.penalty_decay_bps // BPS
    return min(decayed + failures + PENALTY_PER_SLASH * slashes, PENALTY_CAP)


def next_reputation(params: Parameters, old: int, sla: int | None, slashes: int, forgeries: int = 0) -> int:
    """The reputation (0 … 1,000) after a settlement (R38).

    `slashes` counts all slashes executed in it, `forgeries` those of them for `forged_trace`.
    """
    gained = 5 if sla is not None and sla >= params.sla_full_bps else 0
    lost = 50 * (slashes - forgeries) + 200 * forgeries
    return min(max(old + gained - lost, 0), REPUTATION_CAP)


def check_share(share_bps: int) -> None:
    """Refuse a delegator share (bps) that no operator may choose (R48). Raises ParameterOutOfBounds."""
    if not SHARE_FLOOR <= share_bps <= SHARE_CEILING:
        raise ParameterOutOfBounds(
            f"Enter a delegator share from {SHARE_FLOOR} to {SHARE_CEILING} bps.", field="delegator_share_bps"
        )


def check_share_change(params: Parameters, in_force: int, new: int) -> None:
    """Refuse a delegator share (bps) out of bounds, or cut too far below the one in force (R48).

    Raises ParameterOutOfBounds, ShareCutTooLarge.
    """
    check_share(new)
    largest = params.delegator_share_max_cut_bps
    least = max(in_force - largest, SHARE_FLOOR)
    if new < least:
        sentence = f"The share in force is {in_force} bps and may fall by {largest} in one epoch: give {least} or more."
        raise ShareCutTooLarge(sentence, field="delegator_share_bps", extra={"least": least})
