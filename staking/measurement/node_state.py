"""A node's figures in one epoch, as a settlement or a live reading computes them."""

from __future__ import annotations

from dataclasses import dataclass

from protocol.pools import value_of
from protocol.rewards import REPUTATION_START


@dataclass(slots=True)
class NodeState:
    """One node in one epoch. µIFM, bps, ms; names as in NodeEpoch."""

    id: int
    address: str
    operator: str
    region: str
    custodial: bool
    status: str
    banned: bool
    cooldown_until: int
    delegation_cap: int | None
    retired: bool
    share_bps: int
    # Stake: bonded, the part of it that is active in this epoch, and what is still pending in the next one (R13).
    self_stake: int
    active_stake: int
    late_stake: int
    generation: int
    pool_tokens: int
    pool_shares: int
    pending_shares: int
    late_shares: int
    active_pool: int
    active_shares: int
    # The accumulators of the epoch before.
    reward_index: int = 0
    index_carry: int = 0
    operator_earned: int = 0
    registered_ms: int = 0
    former_q: int | None = None
    former_penalty: int = 0
    former_reputation: int = REPUTATION_START
    last_receipt_epoch: int | None = None
    latency_count: int = 0
    latency_sum: int = 0
    latency_squares: int = 0
    window_epoch: int = 0
    window_after: int = 0
    # Performance.
    accepted: int = 0
    good: int = 0
    rejected: int = 0
    dropped: int = 0
    mismatched: int = 0
    invalid: int = 0
    forged: int = 0
    credits: int = 0
    sla_bps: int | None = None
    rejection_bps: int = 0
    slots_heard: int = 0
    slots_counted: int = 0
    uptime_bps: int = 10_000
    latency_ms: int | None = None
    variation_bps: int = 0
    latency_percentile_bps: int = 0
    scarcity_bps: int = 0
    degraded: bool = False
    q_latency: int = 0
    q_uptime: int = 0
    q_stake: int = 0
    q_scarcity: int = 0
    q_sla: int = 10_000
    q_bps: int = 10_000
    # Weight and reward.
    tier: int = 0
    bonus_bps: int = 0
    weight: int = 0
    reward: int = 0
    operator_reward: int = 0
    delegators_reward: int = 0
    # Slashes, penalty and reputation.
    slashes_created: int = 0
    slashed: int = 0
    honest_reward: int = 0
    honest_operator: int = 0
    executed_offences: tuple[str, ...] = ()
    penalty_bps: int = 0
    reputation: int = REPUTATION_START

    def is_barred(self, epoch: int) -> bool:
        """True if the node earns nothing in `epoch` whatever it did (R39); retirement does not end a cooldown."""
        return self.banned or self.cooldown_until >= epoch or self.invalid > 0 or self.forged > 0

    @property
    def late_pool(self) -> int:
        """µIFM of the pool that is still pending in the next epoch and does not vote at its opening (R13, R44)."""
        return self.pool_tokens - value_of(
            self.pool_shares - self.late_shares, self.pool_tokens, self.pool_shares
        )
