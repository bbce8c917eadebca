"""Replay of a delegation that was not made: what an amount would have earned on a node over settled epochs.

The work of all nodes is taken as recorded. What the amount itself changes is computed by the rules: tier, Q and weight
of the node, its reward and the split (R27, R28, R39–R41), the part of slashes (R34, R35). The amount joins the pool as
if it had been delegated just before the first of the epochs. Income from slashes of other nodes is as recorded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from protocol import performance, pools, rewards, slashing, tiers
from protocol.amounts import BPS
from protocol.parameters import Parameters
from protocol.projection import YEAR_SECONDS


@dataclass(frozen=True, slots=True)
class Entry:
    """A pool at the opening of the first epoch: µIFM, shares, and the carry of its reward index (scaled)."""

    tokens: int
    shares: int
    index_carry: int


@dataclass(frozen=True, slots=True)
class ExecutedSlash:
    """A slash executed in an epoch, for an offence in `epoch`. Bases and amounts in µIFM, the rate in bps."""

    epoch: int
    delegated_bps: int
    base_delegated: int
    delegated_slashed: int
    slashed: int
    returned: int
    custodial: bool


@dataclass(frozen=True, slots=True)
class RecordedEpoch:
    """The record of a node in a settled epoch: µIFM and bps, names as in NodeEpoch.

    `pool`: the reward pool of the network; `weights`: the sum of all nodes' weights.
    """

    number: int
    params: Parameters
    pool: int
    weights: int
    weight: int
    credits: int
    sla_bps: int | None
    uptime_bps: int
    latency_percentile_bps: int
    scarcity_bps: int
    degraded: bool
    active_stake: int
    active_pool: int
    active_shares: int
    share_bps: int
    honest_reward: int
    slashes: tuple[ExecutedSlash, ...] = ()


@dataclass(frozen=True, slots=True)
class ReplayedEpoch:
    """Earnings and losses of the amount in an epoch, and its value afterwards; µIFM."""

    number: int
    earned: int
    lost: int
    value: int


@dataclass(frozen=True, slots=True)
class Replay:
    """The outcome of an amount over consecutive epochs; µIFM, `apr_bps` None without stake at work."""

    amount: int
    epochs: tuple[ReplayedEpoch, ...]
    apr_bps: int | None

    @property
    def earned(self) -> int:
        return sum(epoch.earned for epoch in self.epochs)

    @property
    def lost(self) -> int:
        """Losses by slashes, net of returns."""
        return sum(epoch.lost for epoch in self.epochs)

    @property
    def result(self) -> int:
        """Earned less lost."""
        return self.earned - self.lost


class _Losses(NamedTuple):
    """µIFM that slashes would have taken, after what returned: of the amount, and of the others more than recorded."""

    mine: int = 0
    others: int = 0


def replay(amount: int, entry: Entry, epochs: Sequence[RecordedEpoch]) -> Replay:
    """The outcome of `amount` µIFM in consecutive epochs, oldest first, everything rounded down as in a settlement."""
    shares = pools.shares_for(amount, entry.tokens, entry.shares)
    value, others, carry, owed, worked = amount, 0, entry.index_carry, 0, 0
    values: dict[int, int] = {}
    replayed: list[ReplayedEpoch] = []
    for epoch in epochs:
        values[epoch.number] = value
        worked += value * epoch.params.epoch_seconds
        before = pools.claimable(owed)
        if value:
            part = delegators_reward(epoch, value + others)
            delta, carry = pools.grow_index(part, carry, epoch.active_shares + shares)
            owed = pools.accrue(owed, shares, 0, delta)
        losses = _losses(epoch, values)
        lost = min(losses.mine, value)
        value, others = value - lost, others - losses.others
        replayed.append(ReplayedEpoch(epoch.number, pools.claimable(owed) - before, lost, value))
    apr = pools.claimable(owed) * BPS * YEAR_SECONDS // worked if worked else None
    return Replay(amount, tuple(replayed), apr)


def delegators_reward(epoch: RecordedEpoch, added: int) -> int:
    """Reward of the node's delegators in µIFM with `added` µIFM more in its pool (R39–R41)."""
    weight = weight_with(epoch, added)
    (reward, _), _ = rewards.distribute(epoch.pool, [weight, epoch.weights - epoch.weight])
    pool = epoch.active_pool + added
    return sum(
        rewards.split_reward(part, epoch.active_stake, pool, epoch.share_bps).delegators
        for part in (reward, epoch.honest_reward)
    )


def weight_with(epoch: RecordedEpoch, added: int) -> int:
    """The node's settlement weight with `added` µIFM more in its pool (R27, R28, R39); for 0 the recorded one."""
    params, stake = epoch.params, epoch.active_stake + epoch.active_pool + added
    terms = performance.q_factor(
        params, epoch.latency_percentile_bps, epoch.uptime_bps, stake, epoch.scarcity_bps, epoch.sla_bps
    )
    return rewards.weight(
        epoch.credits,
        tiers.bonus_bps(params, tiers.tier_of(params, stake)),
        performance.cap_degraded(terms.q, epoch.degraded),
        barred=epoch.weight == 0,
    )


def _losses(epoch: RecordedEpoch, values: Mapping[int, int]) -> _Losses:
    """Amounts that the slashes executed in the epoch would have taken (R34, R35).

    `values`: µIFM of the amount in each epoch so far; an offence before the first one does not reach it.
    """
    mine = others = 0
    before = dict.fromkeys(values, 0)
    for slash in epoch.slashes:
        held = values.get(slash.epoch, 0)
        if not held:
            continue
        base = slash.base_delegated + held
        taken = slashing.due(slash.delegated_bps, base, before[slash.epoch])
        before[slash.epoch] += taken
        total = slash.slashed - slash.delegated_slashed + taken
        lost = taken - slashing.split_slash(total, taken, epoch.params, slash.custodial).returned
        mine += lost * held // base
        others += lost - lost * held // base - (slash.delegated_slashed - slash.returned)
    return _Losses(mine, others)
