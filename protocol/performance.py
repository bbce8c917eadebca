"""Performance of a node in an epoch: proofs, SLA, uptime, latency, scarcity and Q (R22–R29).

All ratios are bps, rounded down; latencies and times are ms.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Hashable, Mapping, Sequence
from math import isqrt
from typing import Final, NamedTuple, TypeVar

from protocol.amounts import BPS
from protocol.parameters import Parameters

PROOF_VALID: Final = "valid"
PROOF_MISSING: Final = "missing"
PROOF_INVALID: Final = "invalid"
PROOF_FORGED: Final = "forged"
PROOF_UNCHECKED: Final = "unchecked"

COMPLETED: Final = "completed"
TIMEOUT: Final = "timeout"
REJECTED: Final = "rejected"
DROPPED: Final = "dropped"
SCHEMA_MISMATCH: Final = "schema_mismatch"
OUTCOMES: Final = (COMPLETED, TIMEOUT, REJECTED, DROPPED, SCHEMA_MISMATCH)

MIN_Q: Final = 1_000

Key = TypeVar("Key", bound=Hashable)


class QTerms(NamedTuple):
    """The terms of the Q factor and what they make, all in bps (R27)."""

    latency: int
    uptime: int
    stake: int
    scarcity: int
    raw: int
    sla: int
    q: int


def signing_key_of(number: int, key: str, former: Sequence[tuple[int, str]]) -> str:
    """The signing key of a node when its receipt with this number, from 0, was recorded in an epoch (R22).

    `former`: the keys of the epoch before `key`, each with the receipts recorded until it was replaced, rising.
    """
    return next((one for receipts, one in former if number < receipts), key)


def judge_proof(*, signed: bool, by_signing_key: bool, traces_differ: bool, history: bool = False) -> str:
    """The proof state of a receipt, judged in the order missing, invalid, forged (R22).

    `traces_differ`: a verified trace root is there and is not the node's. `history`: imported, unchecked.
    """
    if history:
        return PROOF_UNCHECKED
    if not signed:
        return PROOF_MISSING
    if not by_signing_key:
        return PROOF_INVALID
    return PROOF_FORGED if traces_differ else PROOF_VALID


def is_good(outcome: str, proof: str, latency_ms: int, deadline_ms: int) -> bool:
    """True if a receipt is a good job: completed in time, with a proof that stands (R23)."""
    return outcome == COMPLETED and proof in (PROOF_VALID, PROOF_UNCHECKED) and latency_ms <= deadline_ms


def sla_bps(good: int, accepted: int) -> int | None:
    """The SLA ratio in bps, rounded down; unknown (None) without an accepted job (R23)."""
    return BPS * good // accepted if accepted else None


def rejection_bps(rejected: int, accepted: int) -> int:
    """The rejection ratio in bps, rounded down; 0 without a job (R23)."""
    answered = accepted + rejected
    return BPS * rejected // answered if answered else 0


def counted_slots(params: Parameters, heard: Mapping[int, int], active: int, slots: int) -> list[int]:
    """The first `slots` slots of an epoch without those in which the oracle was silent, in their order (R25).

    `heard`: how many of the `active` nodes were heard in each slot; at least heard_quorum_bps of them must have been.
    """
    quorum = params.heard_quorum_bps * active
    return [slot for slot in range(slots) if BPS * heard.get(slot, 0) >= quorum]


def first_slot(registered_ms: int, slot_ms: int) -> int:
    """The first slot that counts for a node registered so many ms after the start of the epoch (R25)."""
    return max(registered_ms // slot_ms, 0)


def uptime_bps(heard: int, counted: int, *, oracle_silent: bool = False) -> int:
    """Uptime in bps, rounded down; 10,000 when no slot counts or no node at all was heard (R25)."""
    return BPS if oracle_silent or counted <= 0 else BPS * heard // counted


def average_latency(n: int, total: int) -> int | None:
    """The mean of the last n good latencies in ms, rounded down; None without one (R24)."""
    return total // n if n else None


def latency_percentiles(averages: Mapping[Key, int]) -> dict[Key, int]:
    """For each node the share of the others that are strictly slower, in bps, rounded down (R24).

    `averages` holds the active nodes with a good job ever; one alone has 10,000. O(n log n).
    """
    others = len(averages) - 1
    if others <= 0:
        return dict.fromkeys(averages, BPS)
    ordered = sorted(averages.values())
    percentile = {ms: BPS * (others + 1 - bisect_right(ordered, ms)) // others for ms in set(ordered)}
    return {node: percentile[ms] for node, ms in averages.items()}


def scarcity(demand: Mapping[Key, int], supply: Mapping[Key, int]) -> dict[Key, int]:
    """Regional scarcity in bps, rounded down: how far demand outweighs supply (R26).

    `demand`: accepted jobs asked from each region, `supply`: active nodes in each.
    """
    jobs, nodes = sum(demand.values()), sum(supply.values())
    scarce = dict.fromkeys([*demand, *supply], 0)
    for region, present in supply.items():
        if present and jobs:
            fair = present * jobs
            excess = demand.get(region, 0) * nodes - fair
            scarce[region] = min(max(BPS * excess // fair, 0), BPS)
    return scarce


def variation_bps(n: int, total: int, squares: int) -> int:
    """The coefficient of variation of n latencies in bps, from Σx and Σx², rounded down (R28)."""
    if total == 0:
        return 0
    return isqrt(BPS * BPS * (n * squares - total * total) // (total * total))


def sla_factor(params: Parameters, sla: int | None) -> int:
    """The factor of the SLA ratio on Q, in bps: half below the threshold, all from full on (R27)."""
    if sla is None or sla >= params.sla_full_bps:
        return BPS
    if sla < params.sla_threshold_bps:
        return 5_000
    return 5_000 + 5_000 * (sla - params.sla_threshold_bps) // (
        params.sla_full_bps - params.sla_threshold_bps
    )


def q_factor(
    params: Parameters, percentile: int, uptime: int, active_stake: int, scarcity: int, sla: int | None
) -> QTerms:
    """The Q factor and its terms in bps, each rounded down, from bps and the active stake in µIFM (R27)."""
    most = params.q_uptime_bps
    floor = params.uptime_floor_bps
    saturation = params.q_stake_saturation
    latency = params.q_latency_bps * percentile // BPS
    up = min(max(most * (uptime - floor) // (BPS - floor), -most), most)
    stake = params.q_stake_bps * min(active_stake, saturation) // saturation
    scarce = params.q_scarcity_bps * scarcity // BPS
    raw = BPS + latency + up + stake + scarce
    factor = sla_factor(params, sla)
    return QTerms(latency, up, stake, scarce, raw, factor, max(raw * factor // BPS, MIN_Q))


def is_degraded(params: Parameters, uptime: int, rejection: int, variation: int) -> bool:
    """True if a node was too often away, too choosy or too erratic in an epoch (R28); all in bps."""
    return (
        uptime < params.uptime_floor_bps
        or rejection > params.rejection_limit_bps
        or variation > params.latency_cv_limit_bps
    )


def cap_degraded(q: int, degraded: bool) -> int:
    """Q in bps, at most 10,000 for a degraded node (R28)."""
    return min(q, BPS) if degraded else q


def is_high_performer(params: Parameters, former_q: int | None) -> bool:
    """True if Q (bps) of the former epoch makes a node a high performer (R29); None: it had none."""
    return former_q is not None and former_q >= params.high_performer_bps
