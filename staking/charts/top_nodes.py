"""The chart under the leaderboard: what separates the leaders, what they pay, and how stable their rank is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.utils.translation import gettext

from protocol import tiers
from protocol.amounts import MICRO
from protocol.parameters import Parameters
from staking.charts.node import moment_label, told_apart
from staking.models import RankingRow
from web.charts import COUNT, FACTOR, PERCENT, Axis, Chart, Marks, Role, Series, View
from web.formatting import grouped_int, percent
from web.templatetags.components import within
from web.templatetags.identity import short

COLOURED = 4
TIER_ROLES: tuple[Role, ...] = ("ink-3", "plum", "sky", "accent")
LINE_ROLES: tuple[Role, ...] = ("accent", "plum", "sky", "unbonding")


def field(
    leaders: Sequence[RankingRow],
    largest: Sequence[RankingRow],
    places: tuple[Sequence[tuple[int, datetime]], Mapping[int, Mapping[int, int]]],
    params: Parameters,
) -> Chart | None:
    """Three views of one ranking; None before anything is ranked."""
    if not leaders:
        return None
    views = [_make_up(leaders)]
    if len(largest) > 1:
        views.append(_value(largest, params))
    if len(places[0]) > 1:
        views.append(_stability(leaders, *places))
    return Chart(
        "field", gettext("The field"), tuple(views), size="xl",
        help=gettext("What separates the leaders, what they pay, and how stable their rank is."),
    )  # fmt: skip


def _make_up(leaders: Sequence[RankingRow]) -> View:
    parts: tuple[tuple[str, str, Role], ...] = (
        (gettext("Latency"), "q_latency", "sky"),
        (gettext("Uptime"), "q_uptime", "unbonding"),
        (gettext("Stake"), "q_stake", "accent"),
        (gettext("Regional scarcity"), "q_scarcity", "plum"),
    )
    spread = {name: [getattr(row, column) for row in leaders] for name, column, _ in parts}
    widest = max(spread, key=lambda name: max(spread[name]) - min(spread[name]))
    summary = gettext(
        "What each of the %(n)s leaders adds to the base of 1.00×, before the SLA factor."
        " They differ most in: %(part)s."
    ) % {"n": len(leaders), "part": within(widest)}
    return View(
        "hstack", summary, labels=_names(leaders), labels_name=gettext("Node"), axis=Axis(FACTOR, "×", "+"),
        series=tuple(
            Series(name, tuple(getattr(row, column) for row in leaders), role) for name, column, role in parts
        ),
        name="makeup", title=gettext("Score make-up"),
    )  # fmt: skip


def _value(rows: Sequence[RankingRow], params: Parameters) -> View:
    by_tier: dict[int, list[RankingRow]] = {}
    for row in rows:
        by_tier.setdefault(tiers.tier_of(params, row.effective_stake), []).append(row)
    best = max(rows, key=lambda row: row.apr_bps or 0)
    summary = gettext(
        "The %(n)s ranked nodes with the largest stake: the highest estimate is %(apr)s at %(name)s,"
        " with a score of %(score)s. Up and to the right is better for delegators; the larger a mark, the more stake."
    ) % {
        "n": grouped_int(len(rows)), "apr": percent(best.apr_bps, 1), "name": _name(best),
        "score": grouped_int(best.score_bps),
    }  # fmt: skip
    return View(
        "scatter", summary, axis=Axis(PERCENT, "%", name=gettext("Est. APR")),
        x_axis=Axis(name=gettext("Score")), marks_size=gettext("Stake, IFM"),
        marks=tuple(_group(tier, by_tier[tier]) for tier in sorted(by_tier, reverse=True)),
        name="value", title=gettext("APR and score"),
    )  # fmt: skip


def _group(tier: int, rows: Sequence[RankingRow]) -> Marks:
    return Marks(
        gettext("Tier %d") % tier, _names(rows), tuple(row.score_bps for row in rows),
        tuple(row.apr_bps or 0 for row in rows), tuple(row.effective_stake // MICRO for row in rows),
        TIER_ROLES[tier] if tier < len(TIER_ROLES) else "",
    )  # fmt: skip


def _stability(
    leaders: Sequence[RankingRow],
    rankings: Sequence[tuple[int, datetime]],
    found: Mapping[int, Mapping[int, int]],
) -> View:
    shown = leaders[:8]
    rankings = [rankings[i] for i in told_apart([at for _, at in rankings])]
    series = tuple(
        Series(
            _name(row), tuple(found.get(row.node_id, {}).get(id_) for id_, _ in rankings),
            LINE_ROLES[i] if i < COLOURED else "ink-3", dim=i >= COLOURED,
        )
        for i, row in enumerate(shown)
    )  # fmt: skip
    kept = sum(1 for s in series if s.values[0] is not None and s.values[0] <= len(shown))
    summary = gettext("%(kept)s of today’s first %(n)s were among them %(rankings)s rankings ago.") % {
        "kept": kept, "n": len(shown), "rankings": len(rankings) - 1,
    }  # fmt: skip
    return View(
        "rank", summary, labels=tuple(moment_label(at) for _, at in rankings), labels_name=gettext("Ranking of"),
        axis=Axis(COUNT, prefix="#"), series=series, ends=True, name="places", title=gettext("Rank over time"),
    )  # fmt: skip


def _name(row: RankingRow) -> str:
    return row.node.name or short(row.node.address)


def _names(rows: Sequence[RankingRow]) -> tuple[str, ...]:
    return tuple(_name(row) for row in rows)
