"""View models of a node's page, one frozen dataclass for each part of node.html, which gets a NodePage as `page`.

µIFM, bps, ms; None is unknown.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal

from staking.pages.leaderboard_view_models import NodeState
from staking.pages.waterfall import QBreakdown
from web.charts import Chart
from web.listing import Pager


@dataclass(frozen=True, slots=True)
class LastReward:
    epoch: int
    reward: int
    operator: int
    delegators: int


@dataclass(frozen=True, slots=True)
class RewardFactor:
    """One factor of a reward, then and now, as text; `change_bps`: by how much it moved the reward, None: unknown."""

    name: str
    before: str
    after: str
    change_bps: int | None


@dataclass(frozen=True, slots=True)
class RewardChange:
    """Factors by which the reward of `epoch` differs from that of the epoch before it."""

    epoch: int
    before: int
    after: int
    factors: tuple[RewardFactor, ...]

    @property
    def former(self) -> int:
        return self.epoch - 1

    @property
    def difference(self) -> int:
        return self.after - self.before

    @property
    def change_bps(self) -> int | None:
        """By how much it changed, floor; unknown from nothing."""
        return self.difference * 10_000 // self.before if self.before else None


@dataclass(frozen=True, slots=True)
class RankFactor:
    """One part of a score, then and now, as text; `moved` in bps, above 0 when it helped."""

    name: str
    before: str
    after: str
    moved: int


@dataclass(frozen=True, slots=True)
class RankChange:
    """A node's rank in the last two rankings, and the parts of its score that changed."""

    before_at: dt.datetime
    after_at: dt.datetime
    before: int
    after: int
    before_score: int
    after_score: int
    factors: tuple[RankFactor, ...]
    reason: str

    @property
    def places(self) -> int:
        """Ranks gained; below 0 when it fell."""
        return self.before - self.after

    @property
    def lost(self) -> int:
        return -self.places

    @property
    def gained(self) -> int:
        return self.after_score - self.before_score


@dataclass(frozen=True, slots=True)
class DelegatorRow:
    """`value`: worth now. `earned`: in the last epochs that the page names, None when not known."""

    wallet: str
    value: int
    since_epoch: int
    earned: int | None = None
    yours: bool = False


@dataclass(frozen=True, slots=True)
class Happening:
    """A line of a timeline. tone: "", ok, warn, risk."""

    tone: Literal["", "ok", "warn", "risk"]
    icon: str
    title: str
    epoch: int | None = None
    at: dt.datetime | None = None
    text: str = ""
    href: str = ""
    href_label: str = ""


@dataclass(frozen=True, slots=True)
class NodeFacts:
    """A node as it stands. `job_classes`: those its live tier allows, of `all_classes`. `hardware`: names, values."""

    address: str
    name: str
    operator: str
    signing_key: str
    region: str
    hardware: tuple[tuple[str, str], ...]
    job_classes: tuple[str, ...]
    all_classes: int
    tier: int
    next_tier: int | None
    next_tier_at: int | None
    state: NodeState
    registered_at: dt.datetime
    registered_epoch: int
    custodial: bool
    share_bps: int
    cap: int | None
    self_stake: int
    delegated: int
    pending_stake: int
    unbonding: int
    reputation: int
    penalty_bps: int
    state_until_epoch: int | None = None
    next_share_bps: int | None = None
    next_share_epoch: int | None = None
    operator_unbonding: bool = False

    @property
    def effective_stake(self) -> int:
        return self.self_stake + self.delegated


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure by the ranking, in the open epoch so far and in the last settled epoch, as text."""

    label: str
    ranked: str
    live: str
    settled: str


@dataclass(frozen=True, slots=True)
class NodePage:
    """`/nodes/ADDR/`. Rank, Q, score, SLA, uptime, latency and APR are those of the latest ranking, `ranked_at`, as in
    the list; of a node that is not ranked those of its last settled epoch. `measures` has live and settled values.
    `first_apr_bps`: the estimate for `first_delegation` µIFM on a node without delegations."""

    node: NodeFacts
    rank: int | None
    ranked: int
    ranked_at: dt.datetime | None
    movement: int | None
    q: QBreakdown | None
    score_bps: int | None
    apr_bps: int | None
    apr_epochs: int
    first_apr_bps: int | None
    first_delegation: int
    measures: tuple[Measure, ...]
    open_epoch: int
    settled_epoch: int | None
    live_good: int | None
    live_accepted: int | None
    sla_bps: int | None
    uptime_bps: int | None
    latency_ms: int | None
    latency_percentile_bps: int | None
    last_reward: LastReward | None
    high_performer_bps: int
    reward_change: RewardChange | None = None
    rank_change: RankChange | None = None
    reward_chart: Chart | None = None
    rank_chart: Chart | None = None
    sla_chart: Chart | None = None
    latency_chart: Chart | None = None
    uptime_chart: Chart | None = None
    stake_chart: Chart | None = None
    delegators: tuple[DelegatorRow, ...] = ()
    delegators_count: int = 0
    delegators_pager: Pager | None = None
    history: tuple[Happening, ...] = ()

    @property
    def earnings_known(self) -> bool:
        """True if the delegators' earnings are known."""
        return any(row.earned is not None for row in self.delegators)
