"""What settled epochs would have paid under other parameters: a pure function over their rows.

What nodes did is taken as it was; Q, weights, rewards, splits and charges follow from it by the same rules (R27,
R28, R39–R41, section 8). Under the parameters of an epoch its own rewards come out, to the µIFM.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from protocol import performance, rewards, slashing, tiers
from protocol.parameters import Parameters

BARRED = ("banned", "cooldown")


@dataclass(frozen=True, slots=True)
class NodeRow:
    """What a node did in an epoch and what it was paid; µIFM and bps, names as in NodeEpoch."""

    node: int
    status: str
    accepted: int
    sla_bps: int | None
    rejection_bps: int
    uptime_bps: int
    variation_bps: int
    latency_percentile_bps: int
    scarcity_bps: int
    credits: int
    invalid: int
    forged: int
    active_stake: int
    active_pool: int
    share_bps: int
    reward: int
    operator_reward: int
    delegators_reward: int


@dataclass(frozen=True, slots=True)
class SlashRow:
    """A slash executed in an epoch: what was taken, and where it went."""

    delegated_slashed: int
    slashed: int
    custodial: bool
    burned: int
    honest: int
    returned: int


@dataclass(frozen=True, slots=True)
class PastEpoch:
    """One settled epoch: its pool, what of it was minted, its rows."""

    number: int
    pool: int
    minted: int
    params: Parameters
    nodes: tuple[NodeRow, ...]
    slashes: tuple[SlashRow, ...] = ()


@dataclass(frozen=True, slots=True)
class Pay:
    """A node's reward and its two parts."""

    reward: int = 0
    operator: int = 0
    delegators: int = 0


@dataclass(slots=True)
class Outcome:
    """Sums over all epochs; `pay` by (epoch, node)."""

    pay: dict[tuple[int, int], Pay] = field(default_factory=dict)
    minted: int = 0
    carried: int = 0
    sla_charges: int = 0
    burned: int = 0
    honest: int = 0
    returned: int = 0

    def by_node(self) -> dict[int, int]:
        """Reward of each node over all epochs."""
        sums: Counter[int] = Counter()
        for (_, node), pay in self.pay.items():
            sums[node] += pay.reward
        return dict(sums)

    @property
    def operators(self) -> int:
        return sum(pay.operator for pay in self.pay.values())

    @property
    def delegators(self) -> int:
        return sum(pay.delegators for pay in self.pay.values())


def recorded(epochs: Iterable[PastEpoch]) -> Outcome:
    """What these epochs did pay."""
    outcome = Outcome()
    for epoch in epochs:
        outcome.minted += epoch.minted
        outcome.carried += epoch.pool - sum(row.reward for row in epoch.nodes)
        for row in epoch.nodes:
            outcome.pay[epoch.number, row.node] = Pay(row.reward, row.operator_reward, row.delegators_reward)
        outcome.sla_charges += _sla_charges(epoch, epoch.params)
        for slash in epoch.slashes:
            _add(outcome, slashing.SlashSplit(slash.burned, slash.honest, slash.returned))
    return outcome


def replay(epochs: Iterable[PastEpoch], params: Parameters) -> Outcome:
    """What these epochs would have paid under `params`; each with the carry that it did have."""
    outcome = Outcome()
    for epoch in epochs:
        pool = epoch.pool - epoch.minted + params.emission_per_epoch
        paid, carry = rewards.distribute(pool, [weight_of(row, params) for row in epoch.nodes])
        outcome.minted += params.emission_per_epoch
        outcome.carried += carry
        for row, reward in zip(epoch.nodes, paid, strict=True):
            split = rewards.split_reward(reward, row.active_stake, row.active_pool, row.share_bps)
            outcome.pay[epoch.number, row.node] = Pay(reward, split.operator, split.delegators)
        outcome.sla_charges += _sla_charges(epoch, params)
        for slash in epoch.slashes:
            _add(
                outcome,
                slashing.split_slash(slash.slashed, slash.delegated_slashed, params, slash.custodial),
            )
    return outcome


def weight_of(row: NodeRow, params: Parameters) -> int:
    """The settlement weight of a node's row under `params` (R27, R28, R39)."""
    stake = row.active_stake + row.active_pool
    degraded = performance.is_degraded(params, row.uptime_bps, row.rejection_bps, row.variation_bps)
    terms = performance.q_factor(
        params, row.latency_percentile_bps, row.uptime_bps, stake, row.scarcity_bps, row.sla_bps
    )
    return rewards.weight(
        row.credits,
        tiers.bonus_bps(params, tiers.tier_of(params, stake)),
        performance.cap_degraded(terms.q, degraded),
        barred=row.status in BARRED or row.invalid > 0 or row.forged > 0,
    )


def part_of_delegator(pay: Pay, shares: int, all_shares: int) -> int:
    """What of a node's pay goes to `shares` of the `all_shares` that earned, rounded down."""
    return pay.delegators * shares // all_shares if all_shares else 0


def _sla_charges(epoch: PastEpoch, params: Parameters) -> int:
    return sum(
        1
        for row in epoch.nodes
        if row.sla_bps is not None
        and row.sla_bps < params.sla_threshold_bps
        and row.accepted >= params.sla_min_jobs
    )


def _add(outcome: Outcome, split: slashing.SlashSplit) -> None:
    outcome.burned += split.burned
    outcome.honest += split.honest
    outcome.returned += split.returned
