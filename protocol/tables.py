"""The tier table (section 4) and the offence table (section 8): amounts in µIFM, rates in bps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from protocol.amounts import MICRO

Quorum = Literal["none", "member", "coordinator"]
Effect = Literal["none", "strike", "cooldown", "ban"]


@dataclass(frozen=True, slots=True)
class Tier:
    """One row of section 4: minimum effective stake in µIFM, ratios in bps."""

    number: int
    minimum: int
    job_classes: tuple[str, ...]
    bonus_bps: int
    severity_bps: int
    quorum: Quorum


@dataclass(frozen=True, slots=True)
class Offence:
    """One row of section 8, rates in bps; a repeated one may have rates of its own."""

    name: str
    self_bps: int
    delegated_bps: int
    effect: Effect
    repeated_self_bps: int | None = None
    repeated_delegated_bps: int | None = None

    def rates(self, repeated: bool) -> tuple[int, int]:
        """The (self, delegated) rates in bps, of a first or a repeated offence."""
        if not repeated or self.repeated_self_bps is None or self.repeated_delegated_bps is None:
            return self.self_bps, self.delegated_bps
        return self.repeated_self_bps, self.repeated_delegated_bps


TIERS = (
    Tier(0, 0, ("cpu", "public_model"), 0, 10_000, "none"),
    Tier(1, 500 * MICRO, ("gpu", "session_model"), 1_000, 12_500, "none"),
    Tier(2, 2_000 * MICRO, ("zkml", "privacy", "dag"), 2_500, 15_000, "member"),
    Tier(3, 10_000 * MICRO, ("coordinated", "tee"), 4_000, 20_000, "coordinator"),
)
JOB_CLASSES = tuple(name for tier in TIERS for name in tier.job_classes)

# The order is the protocol's: slashes of one node and epoch are executed in it (R34).
OFFENCES = (
    Offence("sla_drop", 1_000, 0, "strike", 1_000, 1_000),
    Offence("invalid_proof", 2_500, 2_500, "cooldown"),
    Offence("forged_trace", 5_000, 5_000, "ban"),
    Offence("dropout", 1_500, 1_500, "none"),
    Offence("fake_resources", 2_500, 2_500, "cooldown"),
    Offence("schema_mismatch", 1_000, 0, "none"),
)
OFFENCE_NAMES = tuple(offence.name for offence in OFFENCES)
