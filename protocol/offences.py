"""Offences of a node in an epoch, and their rates (section 8)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from protocol.parameters import OFFENCE_NAMES, Effect, Parameters

SLA_DROP: Final = "sla_drop"
INVALID_PROOF: Final = "invalid_proof"
FORGED_TRACE: Final = "forged_trace"
DROPOUT: Final = "dropout"
FAKE_RESOURCES: Final = "fake_resources"
SCHEMA_MISMATCH: Final = "schema_mismatch"

# The third strike of a window, the present one counted, brings a cooldown.
_STRIKES_BEFORE_COOLDOWN: Final = 2


class Counters(NamedTuple):
    """The figures of a node's epoch that decide offences: counts of receipts, SLA in bps, former strikes."""

    accepted: int = 0
    sla: int | None = None
    invalid_proofs: int = 0
    forged_traces: int = 0
    dropped: int = 0
    schema_mismatches: int = 0
    fake_resources: bool = False
    strikes: int = 0


class CommittedOffence(NamedTuple):
    """A detected offence: its rates in bps and its immediate effect on the node."""

    name: str
    self_bps: int
    delegated_bps: int
    effect: Effect
    strike: bool


def order_of(offence: str) -> int:
    """The position of an offence in the table, in whose order slashes of one node and epoch are executed (R34)."""
    return OFFENCE_NAMES.index(offence)


def find_offences(params: Parameters, counters: Counters) -> list[CommittedOffence]:
    """The offences of one node in one epoch, in the order of the table (section 8, R30)."""
    shown = _shown(params, counters)
    if not shown:
        return []
    offences = []
    for row in params.offences:
        if row.name not in shown:
            continue
        self_bps, delegated_bps = row.rates(repeated=counters.strikes > 0)
        effect = row.effect
        if effect == "strike" and counters.strikes >= _STRIKES_BEFORE_COOLDOWN:
            effect = "cooldown"
        offences.append(CommittedOffence(row.name, self_bps, delegated_bps, effect, row.effect == "strike"))
    return offences


def _shown(params: Parameters, counters: Counters) -> list[str]:
    shown = []
    sla = counters.sla
    if sla is not None and sla < params.sla_threshold_bps and counters.accepted >= params.sla_min_jobs:
        shown.append(SLA_DROP)
    if counters.invalid_proofs:
        shown.append(INVALID_PROOF)
    if counters.forged_traces:
        shown.append(FORGED_TRACE)
    if counters.dropped:
        shown.append(DROPOUT)
    if counters.fake_resources:
        shown.append(FAKE_RESOURCES)
    if counters.schema_mismatches >= params.schema_mismatch_limit:
        shown.append(SCHEMA_MISMATCH)
    return shown


def hardware_shortfalls(declared: Mapping[str, object], measured: Mapping[str, object]) -> list[str]:
    """The integer fields whose measured value is below the declared one, sorted (section 8)."""
    return sorted(name for name, claim in declared.items() if _is_below(measured.get(name), claim))


def _is_below(measure: object, claim: object) -> bool:
    # A bool is an int to Python; a capability that is merely switched off is no shortfall.
    if not isinstance(claim, int) or not isinstance(measure, int):
        return False
    return not isinstance(claim, bool) and not isinstance(measure, bool) and measure < claim


def cooldown_end(epoch: int, length: int) -> int:
    """The last epoch of a cooldown imposed in the settlement of an epoch (R32)."""
    return epoch + length
