"""The chart of the top nodes: what their scores are made of, what they pay, and how stable their ranks are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import plotly.graph_objects as go
from django.utils.translation import gettext, ngettext

from protocol import tiers
from protocol.amounts import MICRO
from protocol.parameters import Parameters
from staking.charts import ranks
from staking.models import RankingRow
from web.chart_theme import COLOURS, Role
from web.charts import COUNT, FACTOR, PERCENT, Chart, Series, Table, View, figure, plain, table
from web.formatting import grouped_int, percent
from web.templatetags.identity import short

RANKED_LINES = 8
LARGEST_MARK = 300  # square pixels
TIER_ROLES: tuple[Role, ...] = ("ink-3", "plum", "sky", "accent")
TIER_SYMBOLS = ("triangle-up", "square", "diamond", "circle")
LINE_ROLES: tuple[Role, ...] = ("accent", "plum", "sky", "unbonding")


def top_nodes(
    leaders: Sequence[RankingRow],
    largest: Sequence[RankingRow],
    rankings: Sequence[tuple[int, datetime]],
    places: Mapping[int, Mapping[int, int]],
    params: Parameters,
) -> Chart | None:
    """Three views of the latest ranking. None before anything is ranked.

    `leaders`: its first rows; `largest`: those with the most stake; `rankings`: id and time of the last rankings,
    oldest first; `places`: ranks by node id and ranking id.
    """
    if not leaders:
        return None
    views = [_score_parts(leaders)]
    if len(largest) > 1:
        views.append(_apr_and_score(largest, params))
    if len(rankings) > 1:
        views.append(_ranks(leaders, rankings, places))
    help_ = gettext("What their scores are made of, what they pay, and how stable their ranks are.")
    return Chart("top-nodes", gettext("Top nodes compared"), tuple(views), help_, "xl")


def _score_parts(leaders: Sequence[RankingRow]) -> View:
    series = _parts(leaders)
    spread = {one.name: _spread(one) for one in series}
    summary = gettext(
        "What each of the %(n)s leaders adds to the base of 1.00×, before the SLA factor."
        " %(part)s separates them most."
    ) % {"n": len(leaders), "part": max(spread, key=lambda name: spread[name])}
    names = [_name(row) for row in leaders]
    # The rank keeps nodes of the same name apart.
    places = [plain(f"#{row.rank} {name}") for row, name in zip(leaders, names, strict=True)]
    made = figure(
        [_part_bars(one, places) for one in series],
        bargap=0.36,
        hovermode="y unified",
        xaxis=FACTOR.axis(showgrid=True, nticks=6, tickformat=","),
        yaxis=_node_axis(places),
    )
    numbers = table(gettext("Node"), names, series, FACTOR)
    return View("makeup", made, numbers, summary, gettext("Q factor make-up"))


def _node_axis(places: Sequence[str]) -> dict[str, Any]:
    return {
        "type": "category", "autorange": "reversed", "showgrid": False, "rangemode": "normal", "tickvals": places,
        "tickfont": {"size": 12, "color": COLOURS["ink"]}, "unifiedhovertitle": {"text": "%{y}"},
    }  # fmt: skip


def _parts(leaders: Sequence[RankingRow]) -> tuple[Series, ...]:
    parts: tuple[tuple[str, str, Role], ...] = (
        (gettext("Latency"), "q_latency", "sky"),
        (gettext("Uptime"), "q_uptime", "unbonding"),
        (gettext("Stake"), "q_stake", "accent"),
        (gettext("Regional scarcity"), "q_scarcity", "plum"),
    )
    return tuple(
        Series(name, tuple(getattr(row, column) for row in leaders), role) for name, column, role in parts
    )


def _spread(series: Series) -> int:
    known = [value for value in series.values if value is not None]
    return max(known) - min(known)


def _part_bars(series: Series, places: Sequence[str]) -> go.Bar:
    return go.Bar(
        name=series.name, orientation="h", y=places, x=[FACTOR.number(value) for value in series.values],
        hovertext=[FACTOR.text(value) for value in series.values], marker_color=COLOURS[series.role],
    )  # fmt: skip


def _apr_and_score(rows: Sequence[RankingRow], params: Parameters) -> View:
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
    groups = [(tier, by_tier[tier]) for tier in sorted(by_tier, reverse=True)]
    area = max(row.effective_stake // MICRO for row in rows) / LARGEST_MARK
    made = figure(
        [_tier_marks(tier, members, max(area, 1 / LARGEST_MARK)) for tier, members in groups],
        hovermode="closest",
        xaxis={"showgrid": True, "nticks": 7, "tickformat": ",", "title": {"text": gettext("Score")}},
        yaxis=PERCENT.axis(title={"text": gettext("Est. APR")}, rangemode="normal"),
    )
    ordered = [row for _, members in groups for row in members]
    return View("value", made, _marks_table(ordered), summary, gettext("APR and score"))


def _tier_marks(tier: int, rows: Sequence[RankingRow], area: float) -> go.Scatter:
    place = min(tier, len(TIER_ROLES) - 1)
    colour = COLOURS[TIER_ROLES[place]]
    return go.Scatter(
        name=gettext("Tier %d") % tier, mode="markers", hoverinfo="text", showlegend=True,
        x=[row.score_bps for row in rows], y=[PERCENT.number(row.apr_bps or 0) for row in rows],
        hovertext=[_mark_text(row) for row in rows],
        marker={
            "size": [row.effective_stake // MICRO for row in rows], "sizemode": "area", "sizeref": area, "sizemin": 3,
            "symbol": TIER_SYMBOLS[place], "opacity": 0.62, "color": colour, "line": {"width": 1, "color": colour},
        },
    )  # fmt: skip


def _mark_text(row: RankingRow) -> str:
    return "<br>".join(
        (
            plain(_name(row)),
            f"{gettext('Score')} {COUNT.text(row.score_bps)}",
            f"{gettext('Est. APR')} {PERCENT.text(row.apr_bps or 0)}",
            f"{gettext('Stake, IFM')} {COUNT.text(row.effective_stake // MICRO)}",
        )
    )


def _marks_table(rows: Sequence[RankingRow]) -> Table:
    head = (gettext("Node"), gettext("Score"), gettext("Est. APR"), gettext("Stake, IFM"))
    return Table(head, tuple(_marks_row(row) for row in rows))


def _marks_row(row: RankingRow) -> tuple[str, ...]:
    stake = row.effective_stake // MICRO
    return (_name(row), COUNT.cell(row.score_bps), PERCENT.cell(row.apr_bps or 0), COUNT.cell(stake))


def _ranks(
    leaders: Sequence[RankingRow],
    rankings: Sequence[tuple[int, datetime]],
    places: Mapping[int, Mapping[int, int]],
) -> View:
    shown = leaders[:RANKED_LINES]
    rankings = [rankings[i] for i in ranks.distinct_moments([at for _, at in rankings])]
    series = [
        Series(_name(row), _ranks_of(row, rankings, places), _line_role(i)) for i, row in enumerate(shown)
    ]
    stayed = sum(1 for one in series if one.values[0] is not None and one.values[0] <= len(shown))
    before = len(rankings) - 1
    summary = ngettext(
        "%(stayed)s of today’s first %(n)s were among them %(before)s ranking ago.",
        "%(stayed)s of today’s first %(n)s were among them %(before)s rankings ago.",
        before,
    ) % {"stayed": stayed, "n": len(shown), "before": before}
    return ranks.lines_with_names(
        "places", [at for _, at in rankings], series, summary, gettext("Rank over time")
    )


def _ranks_of(
    row: RankingRow, rankings: Sequence[tuple[int, datetime]], places: Mapping[int, Mapping[int, int]]
) -> tuple[int | None, ...]:
    return tuple(places.get(row.node_id, {}).get(id_) for id_, _ in rankings)


def _line_role(place: int) -> Role:
    return LINE_ROLES[place] if place < len(LINE_ROLES) else "ink-3"


def _name(row: RankingRow) -> str:
    return row.node.name or short(row.node.address)
