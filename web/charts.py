"""Charts of pages: Plotly figures made from exact integers, each with its caption and the same numbers as a table.

Values are integers of the smallest unit (µIFM, bps, ms) until a `Unit` turns them into plot values and texts, at the
last step. Texts that people wrote (names of nodes) pass through `plain`, because Plotly reads markup in every text.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from html import escape
from typing import Any, Literal

import plotly.graph_objects as go
from django.utils.translation import gettext

from web.chart_theme import COLOURS, Role, register_template
from web.formatting import UNKNOWN, current_style, fixed

TICKS = 6
DASHES = ("solid", "5px,3px", "2px,2px")
MARGIN_BPS = 300
FEW = 4


@dataclass(frozen=True, slots=True)
class Unit:
    """Format of an integer: the digits behind its decimal point, and a sign or word around it."""

    decimals: int = 0
    suffix: str = ""
    prefix: str = ""

    def number(self, value: int | None) -> float | int | None:
        """The value as it is plotted: 1_500_000 µIFM -> 1.5, the nearest float. None leaves a gap."""
        return value / 10**self.decimals if self.decimals and value is not None else value

    def text(self, value: int | None) -> str:
        """The exact value in the number format of the reader, with its unit: "1,234.500000 IFM"."""
        return UNKNOWN if value is None else self._digits(value) + self.suffix

    def cell(self, value: int | None) -> str:
        """As `text`; a unit that is a word stands in the heading instead."""
        return UNKNOWN if value is None else self._digits(value) + ("" if self.word else self.suffix)

    @property
    def word(self) -> str:
        """The unit as a word ("IFM", "ms"), or "" for one that is a sign ("%", "×")."""
        return self.suffix.strip() if self.suffix.startswith(" ") else ""

    def axis(self, **options: Any) -> dict[str, Any]:
        """Options of an axis of such values."""
        sign = "" if self.word else self.suffix
        return {"tickprefix": self.prefix, "ticksuffix": sign, **options}

    def _digits(self, value: int) -> str:
        return self.prefix + fixed(value, self.decimals, self.decimals)


IFM, PERCENT, MILLISECONDS, COUNT = Unit(6, " IFM"), Unit(2, "%"), Unit(0, " ms"), Unit()
TIMES, FACTOR, PLACE = Unit(4, "×"), Unit(4, "×", "+"), Unit(0, "", "#")


@dataclass(frozen=True, slots=True)
class Series:
    """Named values, one for each place on the category axis; None leaves a gap."""

    name: str
    values: tuple[int | None, ...]
    role: Role = "accent"


@dataclass(frozen=True, slots=True)
class Table:
    """The numbers of a figure as text: headings and rows.

    `by_epoch`: the first column has numbers of epochs; a saved file says when each of them ended.
    """

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    by_epoch: bool = False


@dataclass(frozen=True, slots=True)
class View:
    """One figure. `summary` says in a sentence what it shows: its caption, and its name for screen readers.

    `outline` is drawn as a sparkline where scripts do not run.
    """

    name: str
    figure: go.Figure
    table: Table
    summary: str
    title: str = ""
    outline: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Chart:
    """A card with one figure, or with several views between which the reader switches."""

    id: str
    title: str
    views: tuple[View, ...]
    help: str = ""
    size: Literal["sm", "", "lg", "xl", "xxl"] = ""
    tools: bool = field(default=True, kw_only=True)

    def show(self) -> None:
        """Show every view in a notebook."""
        for view in self.views:
            view.figure.show()


@dataclass(frozen=True, slots=True)
class Threshold:
    """A value with a name, drawn as a dashed line across the figure."""

    value: int
    label: str
    role: Role = "ink-3"


def plain(text: str) -> str:
    """A text that Plotly draws literally: tags, links and entities have no effect."""
    return escape(text, quote=False)


def figure(traces: Iterable[Any], **layout: Any) -> go.Figure:
    """A figure in the project's template, with axis numbers in the format of the reader."""
    register_template()
    style = current_style()
    return go.Figure(list(traces), {"separators": style.point + style.thousands, **layout})


def table(heading: str, labels: Sequence[str], series: Sequence[Series], unit: Unit) -> Table:
    """A row for each label and a column for each series."""
    return table_of_units(heading, labels, [(one, unit) for one in series])


def table_of_units(heading: str, labels: Sequence[str], columns: Sequence[tuple[Series, Unit]]) -> Table:
    """A row for each label and a column for each series, in its own unit."""
    head = (heading, *(f"{one.name}, {unit.word}" if unit.word else one.name for one, unit in columns))
    cells = [[unit.cell(value) for value in one.values] for one, unit in columns]
    return Table(head, tuple(zip(labels, *cells, strict=True)))


def epoch_table(epochs: Sequence[int], columns: Sequence[tuple[Series, Unit]]) -> Table:
    """A row for each epoch and a column for each series, in its own unit."""
    labels = [str(epoch) for epoch in epochs]
    return replace(table_of_units(gettext("Epoch"), labels, columns), by_epoch=True)


def bars(x: Sequence[Any], series: Sequence[Series], unit: Unit) -> list[Any]:
    """Stacked bars; two or more series get their total in the hover text."""
    x = list(x)
    traces: list[Any] = [
        go.Bar(
            name=plain(one.name), x=x, y=_numbers(one.values, unit), hovertext=_texts(one.values, unit),
            marker_color=COLOURS[one.role],
        )
        for one in series
    ]  # fmt: skip
    if len(series) > 1:
        sums = totals(series)
        traces.append(
            go.Scatter(
                name=gettext("Total"), x=x, y=_numbers(sums, unit), hovertext=_texts(sums, unit), mode="markers",
                marker={"opacity": 0, "color": COLOURS["ink"]}, showlegend=False,
            )
        )  # fmt: skip
    return traces


def lines(x: Sequence[Any], series: Sequence[Series], unit: Unit, **options: Any) -> list[Any]:
    """A line for each series, told apart by colour and dashes; a mark where a series has only one value."""
    return [
        go.Scatter(
            name=plain(one.name), x=list(x), y=_numbers(one.values, unit), hovertext=_texts(one.values, unit),
            **{
                "mode": "lines" if len(one.values) - one.values.count(None) > 1 else "markers",
                "line": {"color": COLOURS[one.role], "width": 2, "dash": dash},
                "marker": {"color": COLOURS[one.role]}, **options,
            },
        )
        for one, dash in zip(series, DASHES, strict=False)
    ]  # fmt: skip


def epoch_axis(epochs: Sequence[int], **options: Any) -> dict[str, Any]:
    """An axis of epochs with few ticks, the last epoch always among them."""
    ticks = last_of_each(epochs, TICKS)
    title = {"text": gettext("Epoch") + " %{x}"}
    return {"tickvals": ticks, "tickformat": "d", "unifiedhovertitle": title, **options}


def last_of_each(places: Sequence[Any], most: int) -> list[Any]:
    """About `most` places at equal distances, the last one among them."""
    step = max(1, round(len(places) / most))
    return list(places[::-1][::step][::-1])


def epoch_bars(
    name: str, epochs: Sequence[int], series: Sequence[Series], unit: Unit, summary: str, *, title: str = ""
) -> View:
    """Stacked bars for consecutive epochs."""
    sums = totals(series)
    few = {"dtick": 1} if not unit.decimals and max(sums) <= FEW else {}
    made = figure(
        bars(epochs, series, unit),
        xaxis=epoch_axis(epochs, range=(epochs[0] - 0.6, epochs[-1] + 0.6)),
        yaxis=unit.axis(**few),
    )
    return View(name, made, epoch_table(epochs, [(one, unit) for one in series]), summary, title, sums)


def epoch_lines(
    name: str, epochs: Sequence[int], series: Sequence[Series], unit: Unit, summary: str,
    *, thresholds: Sequence[Threshold] = (),
) -> View:  # fmt: skip
    """A line for each series over epochs, with thresholds. An axis of percentages starts near the lowest value."""
    known = [value for one in series for value in one.values if value is not None]
    bounds: dict[str, Any] = {}
    if unit == PERCENT:
        low = min([*known, *(one.value for one in thresholds)])
        bounds = {"range": (unit.number(max(0, low - MARGIN_BPS)), 100.5)}
    made = figure(
        lines(epochs, series, unit), xaxis=epoch_axis(epochs), yaxis=unit.axis(**bounds),
        shapes=[_threshold_line(one, unit) for one in thresholds],
        annotations=[_threshold_name(one, unit) for one in thresholds],
    )  # fmt: skip
    outline = tuple(value for value in series[0].values if value is not None)
    return View(name, made, epoch_table(epochs, [(one, unit) for one in series]), summary, outline=outline)


def totals(series: Sequence[Series]) -> tuple[int, ...]:
    """The sum of all series at each place; unknown values count as zero."""
    return tuple(
        sum(value or 0 for value in place) for place in zip(*(s.values for s in series), strict=True)
    )


def _threshold_line(threshold: Threshold, unit: Unit) -> dict[str, Any]:
    value = unit.number(threshold.value)
    line = {"width": 1.25, "dash": "4px,3px", "color": COLOURS[threshold.role]}
    return {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": value, "y1": value, "line": line}


def _threshold_name(threshold: Threshold, unit: Unit) -> dict[str, Any]:
    return {
        "text": plain(threshold.label), "xref": "paper", "x": 1, "xanchor": "right", "showarrow": False,
        "y": unit.number(threshold.value), "yanchor": "top",
    }  # fmt: skip


def _numbers(values: Iterable[int | None], unit: Unit) -> list[float | int | None]:
    return [unit.number(value) for value in values]


def _texts(values: Iterable[int | None], unit: Unit) -> list[str]:
    return [unit.text(value) for value in values]
