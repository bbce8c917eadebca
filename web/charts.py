"""What a chart says, without how it looks: values as exact integers with a scale, series with a meaning.

static/charts.js owns the style. Values are integers of the smallest unit (µIFM, bps, ms); `decimals` says how many
of their digits stand behind the point (6 for µIFM as IFM, 2 for bps as percent, 4 for bps as a factor).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["bars", "line", "rank", "hstack", "scatter"]
Role = Literal[
    "",
    "operator",
    "delegator",
    "accent",
    "sky",
    "plum",
    "unbonding",
    "available",
    "warn-fill",
    "risk-fill",
    "ink-3",
]

IFM, PERCENT, FACTOR, COUNT = 6, 2, 4, 0


@dataclass(frozen=True, slots=True)
class Series:
    """One line, one stacked part or one group of marks. None leaves a gap. Roles operator/delegator are for money."""

    name: str
    values: tuple[int | None, ...]
    role: Role = ""
    dim: bool = False


@dataclass(frozen=True, slots=True)
class Marks:
    """One group of a scatter: a mark for each label at (x, y), its area given by `sizes`."""

    name: str
    labels: tuple[str, ...]
    x: tuple[int, ...]
    y: tuple[int, ...]
    sizes: tuple[int, ...]
    role: Role = ""


@dataclass(frozen=True, slots=True)
class Guide:
    """A threshold, drawn as a dashed line with its name; `value` in the unit of the series."""

    value: int
    label: str
    role: Role = ""


@dataclass(frozen=True, slots=True)
class Axis:
    """Of values: digits behind the point, sign of the unit ("%", " ms", "×"), a name, and a fixed range if need be."""

    decimals: int = COUNT
    unit: str = ""
    prefix: str = ""
    name: str = ""
    range: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class View:
    """One figure. `labels` name the places along the category axis (epochs, tiers, nodes); a scatter has none.

    `summary` is a sentence that says what to see: caption, and name for screen readers.
    """

    kind: Kind
    summary: str
    series: tuple[Series, ...] = ()
    labels: tuple[str, ...] = ()
    labels_name: str = ""
    axis: Axis = Axis()
    x_axis: Axis = Axis()
    marks: tuple[Marks, ...] = ()
    marks_size: str = ""
    guides: tuple[Guide, ...] = ()
    step: bool = False
    ends: bool = False
    name: str = ""
    title: str = ""

    def payload(self) -> dict[str, Any]:
        """The data block of the page, without what is at its default."""
        full = {
            "x": self.labels, "xname": self.labels_name, "summary": self.summary, "step": self.step, "ends": self.ends,
            "axis": _axis(self.axis), "xaxis": _axis(self.x_axis), "size": self.marks_size,
            "series": [_series(s) for s in self.series] or [_marks(m) for m in self.marks],
            "guides": [_without_blanks({"y": g.value, "label": g.label, "role": g.role}) for g in self.guides],
        }  # fmt: skip
        return _without_blanks(full)


@dataclass(frozen=True, slots=True)
class Chart:
    """A card with one chart, or several views of one matter between which the reader switches."""

    id: str
    title: str
    views: tuple[View, ...]
    help: str = ""
    size: Literal["sm", "", "lg", "xl"] = ""
    tools: bool = True


def _axis(axis: Axis) -> dict[str, Any]:
    return _without_blanks(
        {"d": axis.decimals, "unit": axis.unit, "prefix": axis.prefix, "name": axis.name, "range": axis.range}
    )


def _series(series: Series) -> dict[str, Any]:
    return _without_blanks({"name": series.name, "role": series.role, "dim": series.dim}) | {
        "y": series.values
    }


def _marks(marks: Marks) -> dict[str, Any]:
    return _without_blanks({"name": marks.name, "role": marks.role}) | {
        "x": marks.x, "y": marks.y, "text": marks.labels, "sizes": marks.sizes,
    }  # fmt: skip


def _without_blanks(values: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value not in (None, "", 0, False, (), [], {})}
