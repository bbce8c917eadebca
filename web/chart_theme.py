"""The Plotly template `inframind`: fonts, axes, legend and colours of every figure.

Colours are those of the light theme, so that a figure looks right wherever Plotly draws it. On a page, static/charts.js
replaces each by the CSS token of the same name in static/theme.css, which follows the theme of the reader.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Literal

import plotly.graph_objects as go
import plotly.io

TEMPLATE = "inframind"

Role = Literal[
    "operator", "delegator", "accent", "sky", "plum", "unbonding", "available", "warn-fill", "risk-fill",
    "ink", "ink-2", "ink-3", "line", "line-strong", "surface",
]  # fmt: skip

# Operator and delegator are for money only; warn-fill and risk-fill for what endangers stake.
COLOURS: dict[Role, str] = {
    "operator": "#3f51a8",
    "delegator": "#179a8d",
    "accent": "#0a6a65",
    "sky": "#4f8cc8",
    "plum": "#6d2f73",
    "unbonding": "#5d7088",
    "available": "#86969f",
    "warn-fill": "#c47f06",
    "risk-fill": "#cf4526",
    "ink": "#12211f",
    "ink-2": "#465556",
    "ink-3": "#5a696b",
    "line": "#dfe6e6",
    "line-strong": "#84928f",
    "surface": "#ffffff",
}
CATEGORIES: tuple[Role, ...] = ("accent", "sky", "plum", "unbonding", "ink-3")

_TRANSPARENT = "rgba(0,0,0,0)"
_FONT = '"Inter Variable", system-ui, sans-serif'
_SMALL = {"size": 11.5, "color": COLOURS["ink-3"]}


@cache
def register_template() -> None:
    """Register the template with Plotly and make it the default of new figures, once per process.

    A figure that names its template validates it again, which takes longer than all the rest of a figure (5 ms of 7).
    """
    plotly.io.templates[TEMPLATE] = go.layout.Template(layout=_layout(), data=_traces())
    plotly.io.templates.default = TEMPLATE


@cache
def page_theme() -> dict[str, Any]:
    """The template and the names of its colours, which static/charts.js applies to every figure of a page."""
    register_template()
    template = plotly.io.templates[TEMPLATE].to_plotly_json()
    return {"template": template, "tokens": {colour: name for name, colour in COLOURS.items()}}


def _layout() -> dict[str, Any]:
    axis = {
        "gridcolor": COLOURS["line"], "linecolor": COLOURS["line"], "zeroline": False, "ticks": "", "tickangle": 0,
        "tickfont": _SMALL, "title": {"standoff": 8, "font": _SMALL}, "automargin": True, "fixedrange": True,
    }  # fmt: skip
    return {
        "font": {"family": _FONT, "size": 12, "color": COLOURS["ink-2"]},
        "colorway": [COLOURS[name] for name in CATEGORIES],
        "paper_bgcolor": _TRANSPARENT,
        "plot_bgcolor": _TRANSPARENT,
        "margin": {"l": 6, "r": 12, "t": 4, "b": 12},
        "barmode": "stack",
        "bargap": 0.28,
        "barcornerradius": 2,
        "dragmode": False,
        "hovermode": "x unified",
        "hoverlabel": {
            "bgcolor": COLOURS["surface"], "bordercolor": COLOURS["line-strong"], "align": "left", "namelength": -1,
            "font": {"family": _FONT, "size": 12, "color": COLOURS["ink"]},
        },
        "legend": {
            "orientation": "h", "x": 0, "xanchor": "left", "y": 1.02, "yanchor": "bottom", "traceorder": "normal",
            "font": {"size": 12, "color": COLOURS["ink-2"]},
        },
        "xaxis": {**axis, "showgrid": False, "ticklabeloverflow": "allow"},
        "yaxis": {**axis, "ticklabelstandoff": 4, "nticks": 5, "tickformat": ",", "rangemode": "tozero"},
        "annotationdefaults": {
            "font": {"size": 11, "color": COLOURS["ink-2"]}, "bgcolor": COLOURS["surface"], "borderpad": 1,
        },
    }  # fmt: skip


def _traces() -> dict[str, Any]:
    """Hover texts are written in Python, in the number format of the reader."""
    return {
        "bar": [{"hoverinfo": "text+name", "marker": {"line": {"width": 0}}}],
        "scatter": [{"hoverinfo": "text+name"}],
    }
