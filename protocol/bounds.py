"""The bounds inside which the DAO may move each parameter, alone and together (section 3)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import NamedTuple

from protocol.amounts import BPS, MAX_AMOUNT, MICRO, format_amount
from protocol.errors import ParameterOutOfBounds
from protocol.parameter_set import Parameters

AMOUNTS = frozenset(
    {"emission_per_epoch", "min_amount", "q_stake_saturation", "dispute_deposit", "proposal_threshold"}
)

# What an operator may choose for its delegators, and the DAO for a new node (R48).
SHARE_FLOOR, SHARE_CEILING = 5_000, 10_000

# name -> (smallest, largest); None is bounded only by what an amount can be (MAX_AMOUNT).
BOUNDS: dict[str, tuple[int, int | None]] = {
    "epoch_seconds": (60, 604_800),
    "ranking_seconds": (60, 86_400),
    "unbonding_seconds": (180, 2_419_200),
    "emission_per_epoch": (0, 10_000_000 * MICRO),
    "min_amount": (1, 1_000 * MICRO),
    "delegator_share_bps": (SHARE_FLOOR, SHARE_CEILING),
    "delegator_share_max_cut_bps": (0, 5_000),
    "sla_threshold_bps": (5_000, 9_900),
    "sla_full_bps": (5_000, 10_000),
    "sla_min_jobs": (1, 1_000),
    "sla_strike_window_epochs": (1, 365),
    "latency_window_jobs": (1, 10_000),
    "heartbeat_slot_seconds": (10, 3_600),
    "heard_quorum_bps": (0, BPS),
    "uptime_floor_bps": (0, 9_900),
    "rejection_limit_bps": (0, 10_000),
    "latency_cv_limit_bps": (1_000, 50_000),
    "schema_mismatch_limit": (1, 1_000),
    "cooldown_epochs": (1, 90),
    "q_latency_bps": (0, 5_000),
    "q_uptime_bps": (0, 5_000),
    "q_stake_bps": (0, 5_000),
    "q_scarcity_bps": (0, 5_000),
    "q_stake_saturation": (1 * MICRO, None),
    "high_performer_bps": (10_000, 20_000),
    "failure_penalty_bps": (0, 5_000),
    "penalty_decay_bps": (0, 9_900),
    "dispute_filing_epochs": (1, 2),
    "dispute_voting_epochs": (1, 2),
    "dispute_deposit": (0, 10_000 * MICRO),
    "quorum_bps": (100, 5_000),
    "proposal_threshold": (0, None),
    "proposal_voting_epochs": (1, 30),
    "timelock_epochs": (0, 30),
    "slash_burn_bps": (0, 10_000),
    "slash_honest_bps": (0, 10_000),
    "slash_delegators_bps": (0, 10_000),
}

# A severity multiplies penalties and is never below 1 (10,000 bps).
TABLE_BOUNDS: dict[str, tuple[int, int | None]] = {
    "minimum": (0, None),
    "bonus_bps": (0, BPS),
    "severity_bps": (BPS, 2 * BPS),
    "self_bps": (0, BPS),
    "delegated_bps": (0, BPS),
    "repeated_self_bps": (0, BPS),
    "repeated_delegated_bps": (0, BPS),
}


class JointBound(NamedTuple):
    """A bound on several parameters at once: it holds when `holds` says so of the whole set."""

    names: tuple[str, ...]
    rule: str
    holds: Callable[[Parameters], bool]


def least_unbonding_seconds(params: Parameters) -> int:
    """The shortest unbonding, in seconds, that a slash can still reach before it is paid."""
    epochs = params.dispute_filing_epochs + params.dispute_voting_epochs + 1
    return epochs * params.epoch_seconds


def _split_is_whole(params: Parameters) -> bool:
    return params.slash_burn_bps + params.slash_honest_bps + params.slash_delegators_bps == BPS


def _minima_rise(params: Parameters) -> bool:
    minima = [tier.minimum for tier in params.tiers]
    return minima[0] == 0 and all(low < high for low, high in pairwise(minima))


JOINT_BOUNDS = (
    JointBound(
        ("unbonding_seconds", "dispute_filing_epochs", "dispute_voting_epochs", "epoch_seconds"),
        "unbonding_seconds is at least (dispute_filing_epochs + dispute_voting_epochs + 1) × epoch_seconds",
        lambda params: params.unbonding_seconds >= least_unbonding_seconds(params),
    ),
    JointBound(
        ("heartbeat_slot_seconds", "epoch_seconds"),
        "heartbeat_slot_seconds divides epoch_seconds",
        lambda params: params.epoch_seconds % params.heartbeat_slot_seconds == 0,
    ),
    JointBound(
        ("sla_full_bps", "sla_threshold_bps"),
        "sla_full_bps is at least sla_threshold_bps",
        lambda params: params.sla_full_bps >= params.sla_threshold_bps,
    ),
    JointBound(
        ("slash_burn_bps", "slash_honest_bps", "slash_delegators_bps"),
        "slash_burn_bps, slash_honest_bps and slash_delegators_bps sum to 10000",
        _split_is_whole,
    ),
    JointBound(("tiers",), "the minimum of tier 0 is 0 and the others rise strictly", _minima_rise),
)


def check_bound(name: str, value: int, bound: tuple[int, int | None], amount: bool) -> None:
    """Refuse a value (µIFM when `amount`) outside its bound. Raises ParameterOutOfBounds."""
    low, high = bound
    top = MAX_AMOUNT if high is None else high
    if low <= value <= top:
        return
    first, last = (format_amount(low), format_amount(top)) if amount else (str(low), str(top))
    raise ParameterOutOfBounds(f"Choose {name} between {first} and {last}.", field=name)


def check_joint_bounds(params: Parameters, changed: Iterable[str] = ()) -> None:
    """Refuse a set whose parameters do not fit together; a changed name is blamed before others.

    Raises ParameterOutOfBounds.
    """
    touched = set(changed)
    for joint in JOINT_BOUNDS:
        if not joint.holds(params):
            field = next((name for name in joint.names if name in touched), joint.names[0])
            raise ParameterOutOfBounds(f"Choose {field} so that {joint.rule}.", field=field)


def bounds_to_json() -> dict[str, dict[str, object]]:
    """Every bound in the API's format: amounts as strings of IFM, the rest integers, null for none."""
    shown: dict[str, dict[str, object]] = {}
    for name, (low, high) in BOUNDS.items():
        amount = name in AMOUNTS
        shown[name] = {
            "min": format_amount(low) if amount else low,
            "max": None if high is None else format_amount(high) if amount else high,
        }
    for joint in JOINT_BOUNDS:
        for name in joint.names:
            shown.setdefault(name, {})["rule"] = joint.rule
    return shown
