"""State of the plain model: nodes with all their positions, buckets, entries, slashes. µIFM, bps, seconds."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

BPS = 10_000
SCALE = 10**18

PARAMETERS: dict[str, int] = {
    "epoch_seconds": 86_400, "unbonding_seconds": 604_800, "emission_per_epoch": 10_000_000_000,
    "min_amount": 1_000_000, "delegator_share_max_cut_bps": 500, "sla_threshold_bps": 8_500,
    "sla_full_bps": 9_500, "sla_min_jobs": 10, "sla_strike_window_epochs": 30, "latency_window_jobs": 100,
    "heartbeat_slot_seconds": 300, "heard_quorum_bps": 2_000, "uptime_floor_bps": 8_000,
    "rejection_limit_bps": 2_000,
    "latency_cv_limit_bps": 10_000, "schema_mismatch_limit": 3, "cooldown_epochs": 3, "q_latency_bps": 1_000,
    "q_uptime_bps": 1_200, "q_stake_bps": 1_300, "q_scarcity_bps": 1_500, "q_stake_saturation": 10_000_000_000,
    "high_performer_bps": 12_000, "failure_penalty_bps": 500, "penalty_decay_bps": 5_000,
    "dispute_filing_epochs": 1, "dispute_voting_epochs": 1, "dispute_deposit": 50_000_000, "quorum_bps": 1_000,
    "slash_burn_bps": 5_000, "slash_honest_bps": 2_500, "slash_delegators_bps": 2_500,
    "proposal_threshold": 1_000_000_000, "proposal_voting_epochs": 3, "timelock_epochs": 1,
}  # fmt: skip

# minimum, bonus, severity
TIERS = [
    (0, 0, 10_000),
    (500_000_000, 1_000, 12_500),
    (2_000_000_000, 2_500, 15_000),
    (10_000_000_000, 4_000, 20_000),
]

# self, delegated; in the order of the table
OFFENCES: dict[str, tuple[int, int]] = {
    "sla_drop": (1_000, 0), "invalid_proof": (2_500, 2_500), "forged_trace": (5_000, 5_000),
    "dropout": (1_500, 1_500), "fake_resources": (2_500, 2_500), "schema_mismatch": (1_000, 0),
}  # fmt: skip
REPEATED_DROP = (1_000, 1_000)


class Refused(Exception):
    """A request that the protocol refuses, by its code."""


@dataclass
class Position:
    shares: int = 0
    # By the epoch in which they count as made, from the open one on; the others are active.
    made: dict[int, int] = field(default_factory=dict)
    owed: int = 0
    ever: int = 0
    redelegated_end: int | None = None

    @property
    def pending(self) -> int:
        return sum(self.made.values())


@dataclass
class Node:
    address: str
    operator: str
    region: str
    custodial: bool
    cap: int | None
    share: int
    registered: int
    next_share: int | None = None
    retired: bool = False
    own: int = 0
    own_made: dict[int, int] = field(default_factory=dict)
    tokens: int = 0
    shares: int = 0
    generation: int = 1
    carry: int = 0
    index: int = 0
    operator_owed: int = 0
    operator_ever: int = 0
    penalty: int = 0
    reputation: int = 500
    former_q: int | None = None
    latencies: list[int] = field(default_factory=list)
    positions: dict[str, Position] = field(default_factory=lambda: defaultdict(Position))

    @property
    def own_pending(self) -> int:
        return sum(self.own_made.values())

    @property
    def pending(self) -> int:
        return sum(position.pending for position in self.positions.values())


@dataclass
class Bucket:
    tokens: int = 0
    shares: int = 0


@dataclass
class Entry:
    node: str
    wallet: str
    kind: str
    epoch: int
    shares: int
    matures: int
    burned: int
    burned_active: int
    status: str = "open"
    paid: int | None = None


@dataclass
class Slash:
    node: str
    offence: str
    epoch: int
    rates: tuple[int, int]
    bases: tuple[int, int]
    until: int
    due: int
    cooldown: int = 0
    ban: bool = False
    status: str = "pending"
    taken: tuple[int, int] = (0, 0)
    burned: int = 0
    honest: int = 0
    returned: int = 0

    @property
    def pending(self) -> bool:
        return self.status in ("pending", "disputed")


@dataclass
class Dispute:
    slash: Slash
    operator: str
    opened: int
    closes: int
    quorum: int
    deposit: int
    votes: dict[str, str] = field(default_factory=dict)
    status: str = "voting"


@dataclass
class Proposal:
    proposer: str
    changes: dict[str, int]
    opened: int
    closes: int
    timelock: int
    quorum: int
    votes: dict[str, str] = field(default_factory=dict)
    status: str = "voting"


@dataclass
class Redelegation:
    wallet: str
    source: str
    target: str
    amount: int
    epoch: int
    status: str = "recorded"
    moved: int | None = None
