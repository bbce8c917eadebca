"""What each page is given: one frozen object per template. µIFM, bps, ms; None is unknown.

The views fill these from selectors; the templates under templates/staking/ read nothing else but the chrome
(inframind/page_context.py). Template and object: nodes.html LeaderboardPage, node.html NodePage,
epochs.html EpochsPage, epoch.html EpochPage, each under the name `page`.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal

from django.forms import BoundField

from chain.selectors import OFF, EpochAnchor
from staking.pages.leaderboard_filters import NumericFilters
from staking.pages.waterfall import QBreakdown
from staking.selectors.leaderboard import NetworkFigures
from web.charts import Chart
from web.listing import Option, Pager, Sort

NodeState = Literal[
    "open", "active", "full", "unranked", "unbonding", "degraded", "cooldown", "pending_slash", "ban_pending",
    "banned", "retired",
]  # fmt: skip
EpochStatus = Literal["open", "settling", "settled"]
SlashStatus = Literal["pending", "disputed", "executed", "overturned"]


@dataclass(frozen=True, slots=True)
class LeaderboardRow:
    """A node in a list. `rewards`: its reward of each of the last epochs, oldest first. `cap` None: no cap.

    `apr_bps`: realised over the last 30 epochs. `estimate_bps`: estimated for the reader's amount, or, for a node
    without delegations and a reader without an amount, for a first delegation.
    """

    address: str
    name: str
    region: str
    tier: int
    state: NodeState
    rank: int | None
    movement: int | None
    q_bps: int | None
    score_bps: int | None
    sla_bps: int | None
    uptime_bps: int | None
    latency_percentile_bps: int | None
    self_stake: int
    delegated: int
    cap: int | None
    share_bps: int
    apr_bps: int | None
    rewards: tuple[int, ...] = ()
    can_delegate: bool = False
    operator_unbonding: bool = False
    estimate_bps: int | None = None
    watched: bool = False

    @property
    def cap_left(self) -> int | None:
        """µIFM that can still be delegated; None without a cap."""
        return None if self.cap is None else max(0, self.cap - self.delegated)


@dataclass(frozen=True, slots=True)
class ActiveFilter:
    """A filter that is set: its text, and the address without it."""

    label: str
    href: str


@dataclass(frozen=True, slots=True)
class LeaderboardFilters:
    """The filter bar. `tiers` and the others are choices with the current one marked; `more`: how many of the
    filters behind "More filters" are set; `other_order`: an order that is not among `orders`."""

    search: str
    tiers: tuple[Option, ...]
    regions: tuple[Option, ...]
    job_classes: tuple[Option, ...]
    statuses: tuple[Option, ...]
    orders: tuple[Option, ...]
    open_only: bool
    watched: str
    numeric: NumericFilters
    more: int = 0
    other_order: str = ""

    @property
    def limits(self) -> list[BoundField]:
        """The typed filters behind "More filters"."""
        names = ("apr", "sla", "uptime", "share", "capacity", "reputation", "before")
        return [self.numeric[name] for name in names]


@dataclass(frozen=True, slots=True)
class LeaderboardPage:
    """`/`. `own`: the reader's nodes that head the list. `charted`: there is a ranking to draw the chart from.
    `amount`: the reader's, in µIFM. `signed_in`: stars are stored for the wallet.

    Of a list without a node: `loosened`: (which filter, address, nodes) for each that alone excludes nodes.
    """

    figures: NetworkFigures
    filters: LeaderboardFilters
    sort: Sort
    rows: tuple[LeaderboardRow, ...]
    pager: Pager
    max_score_bps: int
    ranking_seconds: int
    reward_epochs: int
    amount: int | None = None
    own: tuple[LeaderboardRow, ...] = ()
    charted: bool = False
    csv_query: str = ""
    active: tuple[ActiveFilter, ...] = ()
    loosened: tuple[tuple[str, str, int], ...] = ()
    signed_in: bool = False
    errors: tuple[tuple[str, str], ...] = ()

    @property
    def stars(self) -> str:
        """Where stars are stored: "wallet" or "browser"."""
        return "wallet" if self.signed_in else "browser"

    @property
    def filtered(self) -> str:
        """The filters that are set, in words."""
        return ", ".join(one.label for one in self.active)


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
    """Why the reward of `epoch` differs from that of the epoch before it."""

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
    `first_apr_bps`: the estimate for `first_delegation` µIFM on a node whose delegators earned nothing yet."""

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
        """Whether the delegators' earnings are known."""
        return any(row.earned is not None for row in self.delegators)


@dataclass(frozen=True, slots=True)
class EpochRow:
    """Amounts are None until the epoch is settled."""

    number: int
    start: dt.datetime
    end: dt.datetime
    status: EpochStatus
    parameters_version: int
    nodes: int | None = None
    pool: int | None = None
    operators: int | None = None
    delegators: int | None = None
    distributed: int | None = None
    carry: int | None = None
    burned: int | None = None
    merkle_root: str = ""
    anchor: EpochAnchor = OFF


@dataclass(frozen=True, slots=True)
class EpochsPage:
    """`/epochs/`. `settled`: how many so far; `distributed` and `burned`: over all of them."""

    rows: tuple[EpochRow, ...]
    pager: Pager
    settled: int
    distributed: int
    burned: int
    emission: int
    chart: Chart | None = None


@dataclass(frozen=True, slots=True)
class EpochNodeRow:
    """`weight_ppm`: its weight as part of all weights, in millionths. `credits` in µIFM."""

    address: str
    name: str
    credits: int
    bonus_bps: int
    q_bps: int
    weight_ppm: int
    reward: int
    operator: int
    delegators: int
    honest: int = 0


@dataclass(frozen=True, slots=True)
class EpochSlashRow:
    """A slash created or carried out in the epoch. The split is None until it is carried out."""

    node: str
    name: str
    offence: str
    epoch: int
    status: SlashStatus
    self_bps: int
    delegated_bps: int
    custodial: bool
    slashed: int | None = None
    burned: int | None = None
    honest: int | None = None
    returned: int | None = None
    ban: bool = False
    href: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the settlement: what it did, and how many or how much."""

    title: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class ParameterChange:
    name: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class EpochParameters:
    """The version in force: since when, what it changed, and the values that a reader of a report asks for."""

    version: int
    from_epoch: int
    emission: int
    slash_split_bps: tuple[int, int, int]
    dispute_windows: tuple[int, int]
    changes: tuple[ParameterChange, ...] = ()


@dataclass(frozen=True, slots=True)
class Settlement:
    """The sums of a settled epoch: carry_in + fees + minted = pool = operators + delegators + carry."""

    settled_at: dt.datetime
    took_ms: int | None
    carry_in: int
    fees: int
    minted: int
    pool: int
    operators: int
    delegators: int
    carry: int
    burned: int
    honest: int
    returned: int
    rewarded: int
    leaves: int
    merkle_root: str
    journal_last: int
    journal_hash: str
    plan_hash: str = ""
    anchor: EpochAnchor = OFF

    @property
    def distributed(self) -> int:
        return self.operators + self.delegators

    @property
    def adds_up(self) -> bool:
        return self.pool == self.distributed + self.carry


@dataclass(frozen=True, slots=True)
class EpochPage:
    """`/epochs/N/`. `settlement` is None while the epoch is open or settling: then only `so_far` is known."""

    number: int
    start: dt.datetime
    end: dt.datetime
    status: EpochStatus
    parameters: EpochParameters
    settlement: Settlement | None
    previous: int | None
    next: int | None
    so_far_accepted: int | None = None
    so_far_nodes: int | None = None
    rows: tuple[EpochNodeRow, ...] = ()
    pager: Pager | None = None
    sort: Sort | None = None
    search: str = ""
    slashes: tuple[EpochSlashRow, ...] = ()
    steps: tuple[Step, ...] = ()
    chart: Chart | None = None
