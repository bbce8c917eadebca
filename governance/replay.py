"""Replay of settled epochs under other parameters: pure functions over their rows.

The work of the nodes is taken as recorded; Q, weights, rewards, splits and SLA drops are computed from it by the rules
(R27, R28, R39–R41, section 8). Under an epoch's own parameters the result equals its recorded rewards, to the µIFM.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from protocol import performance, rewards, slashing, tiers
from protocol.parameters import Parameters


@dataclass(frozen=True, slots=True)
class NodeRow:
    """The work of a node in an epoch and its rewards; µIFM and bps, names as in NodeEpoch."""

    node: int
    weight: int
    accepted: int
    sla_bps: int | None
    rejection_bps: int
    uptime_bps: int
    variation_bps: int
    latency_percentile_bps: int
    scarcity_bps: int
    credits: int
    active_stake: int
    active_pool: int
    share_bps: int
    reward: int
    operator_reward: int
    delegators_reward: int


@dataclass(frozen=True, slots=True)
class SlashRow:
    """A slash executed in an epoch: the amount taken and its split, µIFM."""

    delegated_slashed: int
    slashed: int
    custodial: bool
    burned: int
    honest: int
    returned: int


@dataclass(frozen=True, slots=True)
class PastEpoch:
    """A settled epoch: its reward pool, the minted part of it (both µIFM) and its rows."""

    number: int
    pool: int
    minted: int
    params: Parameters
    nodes: tuple[NodeRow, ...]
    slashes: tuple[SlashRow, ...] = ()


@dataclass(frozen=True, slots=True)
class NodeReward:
    """The reward of a node and its two parts, µIFM."""

    reward: int = 0
    operator: int = 0
    delegators: int = 0


@dataclass(slots=True)
class Outcome:
    """Sums over all epochs, µIFM; `rewards` by (epoch, node)."""

    rewards: dict[tuple[int, int], NodeReward] = field(default_factory=dict)
    minted: int = 0
    carried: int = 0
    sla_drops: int = 0
    burned: int = 0
    honest: int = 0
    returned: int = 0

    def by_node(self) -> dict[int, int]:
        """Return the reward of each node over all epochs, µIFM."""
        sums: Counter[int] = Counter()
        for (_, node), reward in self.rewards.items():
            sums[node] += reward.reward
        return dict(sums)

    @property
    def operators(self) -> int:
        return sum(reward.operator for reward in self.rewards.values())

    @property
    def delegators(self) -> int:
        return sum(reward.delegators for reward in self.rewards.values())


def recorded(epochs: Iterable[PastEpoch]) -> Outcome:
    """Return the recorded outcome of these epochs."""
    outcome = Outcome()
    for epoch in epochs:
        outcome.minted += epoch.minted
        outcome.carried += epoch.pool - sum(row.reward for row in epoch.nodes)
        for row in epoch.nodes:
            outcome.rewards[epoch.number, row.node] = NodeReward(
                row.reward, row.operator_reward, row.delegators_reward
            )
        outcome.sla_drops += _sla_drops(epoch, epoch.params)
        for slash in epoch.slashes:
            _add(outcome, slashing.SlashSplit(slash.burned, slash.honest, slash.returned))
    return outcome


def replay(epochs: Iterable[PastEpoch], params: Parameters) -> Outcome:
    """Return the outcome of these epochs under `params`; each keeps the carry that it had."""
    outcome = Outcome()
    for epoch in epochs:
        pool = epoch.pool - epoch.minted + params.emission_per_epoch
        paid, carry = rewards.distribute(pool, [weight_of(row, params) for row in epoch.nodes])
        outcome.minted += params.emission_per_epoch
        outcome.carried += carry
        for row, reward in zip(epoch.nodes, paid, strict=True):
            split = rewards.split_reward(reward, row.active_stake, row.active_pool, row.share_bps)
            outcome.rewards[epoch.number, row.node] = NodeReward(reward, split.operator, split.delegators)
        outcome.sla_drops += _sla_drops(epoch, params)
        for slash in epoch.slashes:
            _add(
                outcome,
                slashing.split_slash(slash.slashed, slash.delegated_slashed, params, slash.custodial),
            )
    return outcome


def weight_of(row: NodeRow, params: Parameters) -> int:
    """Return the settlement weight of a node's row under `params` (R27, R28, R39); barred nodes stay barred."""
    stake = row.active_stake + row.active_pool
    degraded = performance.is_degraded(params, row.uptime_bps, row.rejection_bps, row.variation_bps)
    terms = performance.q_factor(
        params, row.latency_percentile_bps, row.uptime_bps, stake, row.scarcity_bps, row.sla_bps
    )
    return rewards.weight(
        row.credits,
        tiers.bonus_bps(params, tiers.tier_of(params, stake)),
        performance.cap_degraded(terms.q, degraded),
        barred=row.weight == 0,
    )


def delegator_reward(reward: NodeReward, shares: int, all_shares: int) -> int:
    """Return the part of a node's delegators' reward for `shares` of `all_shares` active shares, µIFM, floor."""
    return reward.delegators * shares // all_shares if all_shares else 0


def _sla_drops(epoch: PastEpoch, params: Parameters) -> int:
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
