"""Estimates of what a delegation may earn, from the node's last epochs: never a promise.

An estimate assumes that the node goes on as it did (work, Q, its part of all weight) and computes what the amount
itself changes: the node's tier and stake term, hence its weight, and dilution, since the pool grows by the amount.

APR has one definition everywhere: what delegators of the node are paid, rewards after the delegator share and their
part of what slashes give to honest nodes, over the stake at work, for a year of 365 days, not compounded. The realised
APR takes both from settled epochs; the estimate takes the means of the last 30 epochs and the pool with the amount.
"""

from __future__ import annotations

from dataclasses import dataclass

from protocol import tiers
from protocol.amounts import BPS
from protocol.parameters import Parameters
from protocol.performance import MIN_Q
from protocol.rewards import split_reward

YEAR_SECONDS = 31_536_000
# The greatest APR that a filter or a rule can name, in bps.
MAX_APR = 1_000 * BPS


@dataclass(frozen=True, slots=True)
class Past:
    """The records that an estimate starts from, in µIFM and bps.

    `reward`: mean reward per epoch, of `distributed` to all nodes; `slash_income`: mean per epoch of what slashes of
    other nodes gave to this node's delegators. Bonus, Q and its terms are those of the last settled epoch; stake,
    pool and share are those of the next one.
    """

    reward: int
    distributed: int
    slash_income: int
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
    """Expected rewards of the holder of `mine` µIFM in a pool of `pool`: µIFM per epoch and APR in bps."""

    tier: int
    pool: int
    mine: int
    per_epoch: int
    apr_bps: int | None

    @property
    def pool_share_bps(self) -> int:
        return self.mine * BPS // self.pool if self.pool else 0


def project(params: Parameters, past: Past, *, held: int, amount: int) -> Projection:
    """The expectations of a wallet that holds `held` µIFM of the pool and adds `amount` µIFM; all floored."""
    pool = past.pool + amount
    effective = past.self_stake + pool
    tier = tiers.tier_of(params, effective)
    reward = _reward(params, past, effective, tier)
    paid = split_reward(reward, past.self_stake, pool, past.share_bps).delegators + past.slash_income
    mine = held + amount
    per_epoch = paid * mine // pool if pool else 0
    apr = paid * BPS * YEAR_SECONDS // (pool * params.epoch_seconds) if pool else None
    return Projection(tier, pool, mine, per_epoch, apr)


def _reward(params: Parameters, past: Past, effective: int, tier: int) -> int:
    """The mean reward, scaled with the weight: a part s of all weight that grows r-fold gets r / (1 − s + s × r)."""
    saturation = params.q_stake_saturation
    q_stake = params.q_stake_bps * min(effective, saturation) // saturation
    q = max((past.q_raw - past.q_stake + q_stake) * past.q_sla // BPS, MIN_Q)
    if past.degraded:
        q = min(q, BPS)
    old = (BPS + past.bonus_bps) * past.q_bps
    new = (BPS + params.tiers[tier].bonus_bps) * q
    others = (past.distributed - past.reward) * old
    whole = others + past.reward * new
    return past.distributed * past.reward * new // whole if whole else 0
