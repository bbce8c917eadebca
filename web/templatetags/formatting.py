"""Template filters and tags of `web.formatting`."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import template
from django.utils.html import format_html

from web import formatting
from web.number_input import canonical_number

register = template.Library()

for _filter in (
    formatting.ifm,
    formatting.ifm_unit,
    formatting.ifm_short,
    formatting.ifm_short_unit,
    formatting.ifm_signed,
    formatting.ifm_text,
    formatting.grouped,
    formatting.signed,
    formatting.percent,
    formatting.rate,
    formatting.signed_percent,
    formatting.times,
    formatting.percentile,
    formatting.milliseconds,
    formatting.elapsed,
    formatting.period,
    formatting.zoned,
    formatting.moment,
    formatting.day,
    formatting.clock,
    formatting.ppm,
    formatting.gwei,
):
    register.filter(_filter.__name__, _filter)


@register.filter
def amount_param(micro: int) -> str:
    """µIFM as the value of a query parameter, which every number style reads alike."""
    return canonical_number(micro, 6)


@register.simple_tag
def separators() -> str:
    """Point and thousands mark of the reader's numbers, for charts.js."""
    style = formatting.current_style()
    return style.point + style.thousands


@register.simple_tag
def now_iso(now: dt.datetime) -> str:
    return formatting.iso(now)


@register.simple_tag
def zone(moment: dt.datetime | None = None) -> str:
    """The zone label after a time of day."""
    return formatting.zone_name(moment or None)


@register.simple_tag(takes_context=True)
def countdown(context: dict[str, Any], until: dt.datetime | None) -> str:
    """Time left on the network clock (`now` of the chrome); ticks in the browser, right without script too."""
    if formatting.is_unknown(until):
        return formatting.UNKNOWN
    now = context.get("now")
    if not now:
        return formatting.moment(until)
    text = formatting.remaining_text(int((until - now).total_seconds()))
    return format_html('<time data-countdown datetime="{}">{}</time>', formatting.iso(until), text)


@register.simple_tag
def total(*amounts: int) -> int:
    """Sum of µIFM amounts, so that a sum shown is the sum of the parts shown."""
    return sum(amounts)
