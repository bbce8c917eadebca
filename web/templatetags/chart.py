"""Template tags for charts: the figure with its caption and table, the card around it, the theme of all figures."""

from __future__ import annotations

import json
from typing import Any

from django import template
from django.utils.safestring import SafeString, mark_safe

from web.chart_theme import page_theme
from web.charts import Chart, View

register = template.Library()

DOWNLOADS = ("csv", "png", "svg")
_ESCAPES = {ord(">"): "\\u003E", ord("<"): "\\u003C", ord("&"): "\\u0026"}


@register.inclusion_tag("components/chart.html")
def chart(chart: Chart) -> dict[str, Any]:
    """The figure alone; `chart_card` adds title, views and downloads."""
    return {"chart": chart}


@register.inclusion_tag("components/chart_card.html")
def chart_card(chart: Chart) -> dict[str, Any]:
    return {"chart": chart, "downloads": DOWNLOADS}


@register.simple_tag
def figure_data(view: View) -> SafeString:
    """A figure as a JSON data block, without the template, which a page has once (`chart_theme`)."""
    figure = view.figure.to_plotly_json()
    figure["layout"].pop("template", None)
    return json_block(figure)


@register.simple_tag
def chart_theme() -> SafeString:
    """The template of all figures of a page, and the CSS tokens of its colours, as a JSON data block."""
    return json_block(page_theme())


def json_block(data: Any) -> SafeString:
    """JSON for a script element of any type: no character of markup in it. Raises: ValueError for NaN and infinity."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return mark_safe(text.translate(_ESCAPES))
