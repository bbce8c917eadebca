"""What a delegation may bring: an estimate from the node's last epochs, never a promise.

It assumes that the node goes on as it did (work, Q, its weight among all) and works out what the amount itself
changes: the node's tier and stake term, hence its weight; and dilution, since the pool grows by the amount.
"""

from __future__ import annotations

from dataclasses import dataclass

from protocol import tiers
from protocol.amounts import BPS
from protocol.parameters import Parameters
from protocol.performance import LEAST_Q
from protocol.rewards import split_reward

YEAR = 31_536_000


@dataclass(frozen=True, slots=True)
class Past:
    """What a projection starts from. µIFM and bps; `reward`: mean per epoch, of `distributed` to all nodes.

    Bonus, Q and its terms are those of the last settled epoch; stake, pool and share are those of the next one.
    """

    reward: int
    distributed: int
    bonus_bps: int
    q_bps: int
    q_stake: int
    q_raw: int
    q_sla: int
    degraded: bool
    self_stake: int
    pool: int
    share_bps: int


@dataclass(frozen=True, slots=True)
class Projection:
    """What the holder of `mine` µIFM in a pool may expect: µIFM per epoch and APR in bps, both estimates."""

    tier: int
    pool: int
    mine: int
    per_epoch: int
    apr_bps: int | None

    @property
    def pool_share_bps(self) -> int:
        return self.mine * BPS // self.pool if self.pool else 0


def project(params: Parameters, past: Past, *, held: int, amount: int) -> Projection:
    """Expectations of a wallet that holds `held` µIFM of the pool and adds `amount` (both µIFM)."""
    pool = past.pool + amount
    effective = past.self_stake + pool
    tier = tiers.tier_of(params, effective)
    reward = _reward(params, past, effective, tier)
    part = split_reward(reward, past.self_stake, pool, past.share_bps).delegators
    mine = held + amount
    per_epoch = part * mine // pool if pool else 0
    apr = part * BPS * YEAR // (pool * params.epoch_seconds) if pool else None
    return Projection(tier, pool, mine, per_epoch, apr)


def _reward(params: Parameters, past: Past, effective: int, tier: int) -> int:
    """The mean reward, moved with the weight: a part s of all weight that grows r-fold gets r / (1 − s + s × r)."""
    saturation = params.q_stake_saturation
    q_stake = params.q_stake_bps * min(effective, saturation) // saturation
    q = max((past.q_raw - past.q_stake + q_stake) * past.q_sla // BPS, LEAST_Q)
    if past.degraded:
        q = min(q, BPS)
    old = (BPS + past.bonus_bps) * past.q_bps
    new = (BPS + params.tiers[tier].bonus_bps) * q
    others = (past.distributed - past.reward) * old
    whole = others + past.reward * new
    return past.distributed * past.reward * new // whole if whole else 0
