"""Charts as figures: data blocks for charts.js, a caption, and the same numbers as a table that needs no script."""

from __future__ import annotations

import json
from typing import Any

from django import template
from django.utils.safestring import SafeString, mark_safe

from web.charts import Axis, Chart, View
from web.formatting import UNKNOWN, fixed, grouped_int

register = template.Library()

DOWNLOADS = ("csv", "png", "svg")
_ESCAPES = {ord(">"): "\\u003E", ord("<"): "\\u003C", ord("&"): "\\u0026"}


def json_block(data: Any) -> SafeString:
    """JSON that is safe inside a script element of any type: no markup character survives."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return mark_safe(text.translate(_ESCAPES))


def _cell(value: int | None, axis: Axis) -> str:
    if value is None:
        return UNKNOWN
    unit = "" if axis.unit.startswith(" ") else axis.unit
    return axis.prefix + fixed(value, axis.decimals, axis.decimals) + unit


def _heading(name: str, axis: Axis) -> str:
    return f"{name}, {axis.unit.strip()}" if axis.unit.startswith(" ") else name


def table_of(view: View) -> tuple[list[str], list[list[str]]]:
    """Headings and rows of a view, every number exact."""
    if view.marks:
        head = ["", view.x_axis.name, view.axis.name, view.marks_size]
        rows = [
            [label, _cell(x, view.x_axis), _cell(y, view.axis), grouped_int(size)]
            for group in view.marks
            for label, x, y, size in zip(group.labels, group.x, group.y, group.sizes, strict=True)
        ]
        return head, rows
    head = [view.labels_name, *(_heading(s.name, view.axis) for s in view.series)]
    columns = [s.values for s in view.series]
    rows = [
        [label, *(_cell(column[i], view.axis) for column in columns)] for i, label in enumerate(view.labels)
    ]
    return head, rows


@register.inclusion_tag("components/chart.html")
def chart(figure: Chart) -> dict[str, Any]:
    """The figure alone; `chart_card` adds title, views and downloads."""
    blocks = []
    for view in figure.views:
        head, rows = table_of(view)
        blocks.append({"view": view, "json": json_block(view.payload()), "head": head, "rows": rows})
    return {"chart": figure, "blocks": blocks, "still": _still(figure.views[0])}


def _still(view: View) -> tuple[int, ...]:
    """The course of a view over its places, for readers without script: the height of its bars, or its line."""
    columns = [s.values for s in view.series]
    if view.kind == "bars":
        return tuple(sum(value or 0 for value in place) for place in zip(*columns, strict=True))
    line = [value for value in columns[0] if value is not None] if view.kind in ("line", "rank") else []
    # The first place is the highest.
    return tuple(-value for value in line) if view.kind == "rank" else tuple(line)


@register.inclusion_tag("components/chart_card.html")
def chart_card(figure: Chart) -> dict[str, Any]:
    return {"chart": figure, "downloads": DOWNLOADS}
