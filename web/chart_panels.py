"""Figures of several panels, one below the other, that share the axis of epochs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from textwrap import wrap
from typing import Any

import plotly.graph_objects as go

from web.chart_theme import COLOURS, Role
from web.charts import Unit, epoch_axis, figure, plain

GAP = 0.32
LINE_LENGTH = 44


@dataclass(frozen=True, slots=True)
class Panel:
    """Traces on one value axis, under a title."""

    title: str
    traces: Sequence[Any]
    unit: Unit
    axis: dict[str, Any] = field(default_factory=dict)


def stack(epochs: Sequence[int], panels: Sequence[Panel], *, marked: Sequence[int] = ()) -> go.Figure:
    """The panels from top to bottom; the hover text of an epoch has the values of all. `marked`: epochs with a line."""
    for row, panel in enumerate(panels):
        for trace in panel.traces:
            trace.yaxis = _axis("y", row)
    axes = {_axis("yaxis", row): panel.unit.axis(nticks=3, **panel.axis) for row, panel in enumerate(panels)}
    rows = [[f"x{_axis('y', row)}"] for row in range(len(panels))]
    return figure(
        [trace for panel in panels for trace in panel.traces],
        barmode="relative", hoversubplots="axis", showlegend=False, margin={"t": 22},
        grid={"rows": len(panels), "columns": 1, "subplots": rows, "ygap": GAP},
        xaxis=epoch_axis(epochs, range=(epochs[0] - 0.6, epochs[-1] + 0.6), anchor=_axis("y", len(panels) - 1)),
        shapes=[_line(epoch) for epoch in marked],
        annotations=[_title(row, panel.title) for row, panel in enumerate(panels)],
        **axes,
    )  # fmt: skip


def marks(
    name: str, epochs: Sequence[int], values: Sequence[Any], texts: Sequence[str], role: Role
) -> go.Scatter:
    """Marks at (epoch, value) whose hover texts are sentences, broken into short lines."""
    return go.Scatter(
        name=name, x=list(epochs), y=list(values), mode="markers",
        hovertext=["<br>".join(wrap(plain(text), LINE_LENGTH)) for text in texts],
        marker={"size": 9, "color": COLOURS[role], "line": {"width": 1.5, "color": COLOURS["surface"]}},
    )  # fmt: skip


def _axis(name: str, row: int) -> str:
    """The name of the axis of a row, counted from 0, as Plotly numbers axes: y, y2, y3 …"""
    return name if row == 0 else f"{name}{row + 1}"


def _title(row: int, text: str) -> dict[str, Any]:
    return {
        "text": text, "xref": "paper", "x": 0, "xanchor": "left", "showarrow": False,
        "yref": f"{_axis('y', row)} domain", "y": 1, "yanchor": "bottom", "yshift": 2,
    }  # fmt: skip


def _line(epoch: int) -> dict[str, Any]:
    line = {"width": 1.25, "dash": "4px,3px", "color": COLOURS["risk-fill"]}
    return {
        "type": "line",
        "x0": epoch,
        "x1": epoch,
        "yref": "paper",
        "y0": 0,
        "y1": 1,
        "line": line,
        "layer": "below",
    }
