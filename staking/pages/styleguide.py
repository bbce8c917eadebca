"""`/styleguide/`: every component with sample values, to be looked at in both themes. On a devnet only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from protocol.amounts import MICRO
from staking.pages.leaderboard_view_models import LeaderboardRow, NodeState
from staking.pages.node_view_models import Happening
from staking.pages.waterfall import QBreakdown
from staking.services import clock
from web.charts import IFM, PERCENT, Chart, Series, Threshold, epoch_bars, epoch_lines
from web.listing import Option, Pager, Sort
from web.templatetags.components import STATES

NODE, WALLET = "0x" + "c5cc" * 10, "0x" + "6bef" * 10
ROLES = ("operator", "delegator", "available", "unbonding", "accent", "sky", "plum", "warn", "risk")
EPOCHS = range(401, 413)
REWARDS = (1_620_000, 1_910_000, 1_780_000, 2_020_000, 1_570_000, 1_990_000, 2_200_000, 1_840_000, 2_050_000,
           1_930_000, 2_110_000, 2_119_036)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Side:
    label: str
    power: int
    bps: int
    role: str
    icon: str


@dataclass(frozen=True, slots=True)
class Window:
    title: str
    lines: tuple[str, ...]
    done_bps: int
    state: str
    label: str
    until: Any = None


@require_safe
def styleguide(request: HttpRequest) -> HttpResponse:
    if settings.INFRAMIND_NETWORK != "devnet":
        raise Http404
    return render(request, "staking/styleguide.html", _samples())


def _samples() -> dict[str, Any]:
    now = clock.now()
    return {
        "node_address": NODE,
        "wallet_address": WALLET,
        "roles": ROLES,
        "chips": [key.partition(".")[::2] for key in STATES],
        "tiers": range(4),
        "rows": _rows(),
        "spark": REWARDS,
        "soon": now + timedelta(hours=5, minutes=12, seconds=34),
        "later": now + timedelta(days=1, hours=14, minutes=26),
        "past": now - timedelta(days=3),
        "q": _q(),
        "sort": Sort("-stake", "rank"),
        "pager": Pager(3, 25, 1_286),
        "options": (Option("", "All regions", True), Option("eu", "EU West")),
        "history": (
            Happening(
                "risk", "flame", "Slash executed: dropout", 245, now, "15% of own and delegated stake."
            ),
            Happening("ok", "arrow-back-up", "Slash overturned: SLA drop", 303, now, "Nothing was slashed."),
            Happening("", "server-2", "Registered", 88, now),
        ),
        "left": Side("Overturn", 61_200 * MICRO, 6_120, "sky", "arrow-back-up"),
        "right": Side("Uphold", 38_800 * MICRO, 3_880, "plum", "gavel"),
        "windows": (
            Window("Offence", ("epoch 410",), 10_000, "done", "Offence found"),
            Window("Vote", ("until the end of epoch 412",), 7_800, "now", "Vote, 78% of its time over", now),
            Window("Carried out", ("with that settlement",), 0, "later", "Not yet"),
        ),
        "kv": (("Pool", "10,186.420639"), ("Carry", "0.000616"), ("Sum", "10,186.421255", "sum")),
        "charts": _charts(),
    }


def _rows() -> list[LeaderboardRow]:
    states: tuple[NodeState, ...] = ("open", "degraded", "pending_slash", "unranked")
    return [
        LeaderboardRow(
            address=f"0x{place:02x}" + "c5" * 19, name=f"Kelvin {place:02}", region="eu-central", tier=place,
            state=state, rank=None if state == "unranked" else 383 + place, movement=(4, -2, 0, None)[place],
            q_bps=12_398 - place, score_bps=12_282 - place, sla_bps=10_000, uptime_bps=9_911,
            latency_percentile_bps=9_404, self_stake=1_000 * MICRO, delegated=1_400 * MICRO,
            cap=(15_000 * MICRO, None, 1_400 * MICRO, 2_000 * MICRO)[place], share_bps=8_000, apr_bps=2_250,
            rewards=REWARDS, can_delegate=state == "open",
        )
        for place, state in enumerate(states)
    ]  # fmt: skip


def _q() -> QBreakdown:
    return QBreakdown(
        q_bps=12_398, latency=940, uptime=1_146, stake=312, scarcity=0, sla_factor_bps=10_000, max_latency=1_000,
        max_uptime=1_200, max_stake=1_300, max_scarcity=1_500, latency_percentile_bps=9_404, uptime_bps=9_911,
        uptime_floor_bps=8_000, active_stake=2_400 * MICRO, stake_saturation=10_000 * MICRO, scarcity_bps=0,
        region="EU Central", sla_bps=10_000, sla_full_bps=9_500, as_of="ranking of 22 Nov 18:00",
    )  # fmt: skip


def _charts() -> tuple[Chart, ...]:
    parts = (
        Series("Operator", tuple(reward * 6 // 10 for reward in REWARDS), "operator"),
        Series("Delegators", tuple(reward * 4 // 10 for reward in REWARDS), "delegator"),
    )
    stacked = epoch_bars("sample-bars", EPOCHS, parts, IFM, "22.14 IFM in 12 epochs.")
    line = epoch_lines(
        "sample-line", EPOCHS, (Series("SLA", (9_990, 9_410, *[9_960] * 10)),), PERCENT,
        "Lowest 94.10%, latest 99.60%.",
        thresholds=(Threshold(9_500, "full reward from 95%"), Threshold(8_500, "slash below 85%", "risk-fill")),
    )  # fmt: skip
    return (
        Chart("sample-bars", "Bars with two parts", (stacked,), "Money: operator and delegators.", "sm"),
        Chart("sample-line", "A line with thresholds", (line,), "Thresholds have names.", "sm"),
    )
