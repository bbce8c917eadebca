"""View models of the leaderboard, one frozen dataclass for each part of nodes.html; `page` is a LeaderboardPage.

µIFM, bps, ms; None is unknown.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from django.forms import BoundField

from staking.pages.leaderboard_filters import NumericFilters
from staking.selectors.leaderboard import NetworkFigures
from web.listing import Option, Pager, Sort

NodeState = Literal[
    "open", "active", "full", "unranked", "unbonding", "degraded", "cooldown", "pending_slash", "ban_pending",
    "banned", "retired",
]  # fmt: skip


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
        """Storage of the stars: "wallet" or "browser"."""
        return "wallet" if self.signed_in else "browser"

    @property
    def filtered(self) -> str:
        """The filters that are set, in words."""
        return ", ".join(one.label for one in self.active)
