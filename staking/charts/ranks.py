"""Ranks over time: figures whose first place is at the top."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import plotly.graph_objects as go
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext

from web.chart_theme import COLOURS
from web.charts import PLACE, Series, View, figure, last_of_each, lines, plain, table
from web.formatting import grouped_int, moment_pattern

TICKS = 4
STEPS = (1, 2, 5, 10, 25, 50, 100, 250, 500)
COLOURED = 4
# Room for the names of nodes at the ends of their lines, in pixels.
NAMES_WIDTH = 104


def steps(name: str, moments: Sequence[datetime], series: Series, summary: str) -> View:
    """The rank of one node, constant between two rankings."""
    labels = [moment_label(at) for at in moments]
    marker = {"size": 0.1, "color": COLOURS[series.role]}
    traces = lines(labels, [series], PLACE, line_shape="hv", mode="lines+markers", marker=marker)
    return _view(name, labels, [series], traces, summary)


def lines_with_names(
    name: str, moments: Sequence[datetime], series: Sequence[Series], summary: str, title: str
) -> View:
    """The ranks of several nodes, each named at the end of its line; the first COLOURED stand out.

    A fall far below the places shown leaves the plot, so that the places themselves stay apart.
    """
    labels = [moment_label(at) for at in moments]
    traces = [_line(labels, one, prominent=i < COLOURED) for i, one in enumerate(series)]
    names = [_name_at_end(len(labels), one, prominent=i < COLOURED) for i, one in enumerate(series)]
    return _view(
        name, labels, series, traces, summary, title, lowest=2 * len(series), annotations=names,
        showlegend=False, margin={"t": 6, "r": NAMES_WIDTH},
    )  # fmt: skip


def moment_label(at: datetime) -> str:
    """22 Nov 18:00 in the time zone of the reader: short enough for an axis."""
    return date_format(timezone.localtime(at), moment_pattern())


def distinct_moments(moments: Sequence[datetime]) -> list[int]:
    """Indexes of the moments that have different labels, the last of those with the same one.

    A category axis draws all values of one label at one place.
    """
    return list({moment_label(at): place for place, at in enumerate(moments)}.values())


def _line(labels: Sequence[str], series: Series, *, prominent: bool) -> go.Scatter:
    colour = COLOURS[series.role]
    line = {"color": colour, "width": 2.25 if prominent else 1.25}
    marker = {"size": 5, "color": colour}
    opacity = 1 if prominent else 0.45
    return lines(labels, [series], PLACE, mode="lines+markers", line=line, marker=marker, opacity=opacity)[0]


def _name_at_end(count: int, series: Series, *, prominent: bool) -> dict[str, Any]:
    font = {"size": 11.5, "color": COLOURS["ink" if prominent else "ink-3"]}
    return {
        "x": count - 1, "y": series.values[-1], "xanchor": "left", "xshift": 8, "text": plain(series.name),
        "font": font, "borderpad": 2, "showarrow": False,
    }  # fmt: skip


def _view(
    name: str, labels: Sequence[str], series: Sequence[Series], traces: Sequence[Any], summary: str, title: str = "",
    *, lowest: int | None = None, **layout: Any,
) -> View:  # fmt: skip
    known = [value for one in series for value in one.values if value is not None]
    made = figure(
        traces,
        xaxis=_time_axis(labels),
        yaxis=_place_axis(min(known), min(max(known), lowest or max(known))),
        **{"margin": {"t": 8}, **layout},
    )
    outline = tuple(-value for value in series[0].values if value is not None)
    return View(name, made, table(gettext("Ranking of"), labels, series, PLACE), summary, title, outline)


def _time_axis(labels: Sequence[str]) -> dict[str, Any]:
    ticks = last_of_each(labels, TICKS)
    return {
        "type": "category", "range": (-0.4, len(labels) - 0.6), "tickvals": ticks,
        "ticktext": ["<br>".join(label.rsplit(" ", 1)) for label in ticks],
        "unifiedhovertitle": {"text": gettext("Ranking of") + " %{x}"},
    }  # fmt: skip


def _place_axis(best: int, worst: int) -> dict[str, Any]:
    """From `worst` up to `best` with a margin; ticks at the first place and at round ones."""
    margin = max(0.5, (worst - best) * 0.08)
    step = next((step for step in STEPS if worst - best < step * 5), STEPS[-1])
    first = -(-best // step) * step
    ticks = sorted({1, *range(first, worst + step, step)})
    return {
        "range": (worst + margin, max(0.5, best - margin)), "tickvals": ticks,
        "ticktext": ["#" + grouped_int(place) for place in ticks], "rangemode": "normal",
    }  # fmt: skip
