"""Numbers as text: amounts, ratios, counts and times. Integers in, text out; unknown (None) is an en dash, never 0."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext, pgettext

from protocol.amounts import MICRO

if TYPE_CHECKING:
    from typing_extensions import TypeIs


UNKNOWN = "–"
MINUS = "−"
UNIT = "IFM"


@dataclass(frozen=True, slots=True)
class Style:
    """A way of writing numbers."""

    thousands: str
    point: str
    example: str


STYLES = {
    "point": Style(",", ".", "1,234.56"),
    "comma": Style(".", ",", "1.234,56"),
    "space": Style("\u202f", ",", "1\u202f234,56"),
}
_OF_LANGUAGE = {"de": "comma"}
_style: ContextVar[Style] = ContextVar("number_style", default=STYLES["point"])


def current_style() -> Style:
    """The style in which numbers are written now."""
    return _style.get()


def style_of(language: str) -> str:
    """The name of the style in which a language writes numbers."""
    return _OF_LANGUAGE.get(language, "point")


@contextmanager
def write_numbers(style: str) -> Iterator[None]:
    """Write numbers in a style of STYLES within the block."""
    token = _style.set(STYLES[style])
    try:
        yield
    finally:
        _style.reset(token)


def is_unknown(value: object) -> TypeIs[None]:
    """None, or "" as templates say when an object on the way is None."""
    return value is None or value == ""


def grouped_int(value: int) -> str:
    """12398 -> "12,398"; negative numbers with a true minus."""
    text = f"{abs(value):,}".replace(",", _style.get().thousands)
    return MINUS + text if value < 0 else text


def fixed(value: int, scale: int, places: int) -> str:
    """`value` / 10^scale with exactly `places` decimals, truncated toward zero, never rounded up."""
    whole, fraction = divmod(abs(value), 10**scale)
    digits = f"{fraction:0{scale}d}"[:places].ljust(places, "0") if scale else "0" * places
    sign = MINUS if value < 0 else ""
    return f"{sign}{grouped_int(whole)}" + (_style.get().point + digits if places else "")


def gwei(wei: int) -> str:
    """Wei as gwei with up to 9 decimals, as few as the amount needs."""
    decimals = len(f"{wei % 10**9:09d}".rstrip("0"))
    return fixed(wei, 9, decimals)


def amount_digits(micro: int, places: int | None = None) -> str:
    """µIFM as plain text: with `places` decimals, or by default with 2 to 6 (trailing zeros beyond 2 dropped)."""
    if places is not None:
        return fixed(micro, 6, places)
    full = fixed(micro, 6, 6)
    significant = full.rstrip("0")
    return full[: max(len(significant), len(full) - 4)]


def _amount_html(micro: int, places: int | None) -> SafeString:
    text = amount_digits(micro, places)
    head, point, decimals = text.partition(_style.get().point)
    if abs(micro) < MICRO or len(decimals) <= 2:
        return format_html("{}", text)
    return format_html('{}{}{}<span class="im-frac">{}</span>', head, point, decimals[:2], decimals[2:])


def ifm(micro: int | None, places: int | None = None) -> str:
    """µIFM as a number: `|ifm` 2 to 6 decimals, `|ifm:6` fixed. Decimals after the second are dim, except below 1."""
    if is_unknown(micro):
        return UNKNOWN
    return format_html('<span class="im-num">{}</span>', _amount_html(micro, places))


def ifm_unit(micro: int | None, places: int | None = None) -> str:
    """As `ifm`, followed by the unit."""
    if is_unknown(micro):
        return UNKNOWN
    return format_html(
        '<span class="im-num">{} <span class="im-unit">{}</span></span>', _amount_html(micro, places), UNIT
    )


def short_digits(micro: int) -> str:
    """µIFM with two decimals, for headlines and tables outside ledgers; below 0.01 IFM with all six."""
    return fixed(micro, 6, 6 if 0 < abs(micro) < MICRO // 100 else 2)


def ifm_short(micro: int | None) -> str:
    """µIFM with two decimals; the exact amount is the title."""
    if is_unknown(micro):
        return UNKNOWN
    exact = f"{amount_digits(micro, 6)} {UNIT}"
    return format_html('<span class="im-num" title="{}">{}</span>', exact, short_digits(micro))


def ifm_short_unit(micro: int | None) -> str:
    """As `ifm_short`, followed by the unit."""
    if is_unknown(micro):
        return UNKNOWN
    exact = f"{amount_digits(micro, 6)} {UNIT}"
    return format_html(
        '<span class="im-num" title="{}">{} <span class="im-unit">{}</span></span>',
        exact,
        short_digits(micro),
        UNIT,
    )


def ifm_signed(micro: int | None, places: int | None = 2) -> str:
    """A difference: "+1.50", "−0.25", "0.00"."""
    if is_unknown(micro):
        return UNKNOWN
    text = amount_digits(micro, places)
    return f"+{text}" if micro > 0 else text


def ifm_text(micro: int | None, places: int | None = None) -> str:
    """µIFM as bare text, for labels, titles and translated sentences."""
    return UNKNOWN if is_unknown(micro) else amount_digits(micro, places)


def grouped(value: int | None) -> str:
    return UNKNOWN if is_unknown(value) else grouped_int(value)


def signed(value: int | None) -> str:
    """+940, −120, 0."""
    if is_unknown(value):
        return UNKNOWN
    return f"+{grouped_int(value)}" if value > 0 else grouped_int(value)


def percent(bps: int | None, places: int = 2) -> str:
    """9955 bps -> "99.55%"."""
    return UNKNOWN if is_unknown(bps) else fixed(bps, 2, places) + "%"


def rate(bps: int | None) -> str:
    """A ratio that somebody set, exactly: 8000 bps -> "80%", 8750 bps -> "87.50%"."""
    return UNKNOWN if is_unknown(bps) else percent(bps, 0 if bps % 100 == 0 else 2)


def signed_percent(bps: int | None, places: int = 1) -> str:
    """+3.4%, −12.0%, 0.0%."""
    if is_unknown(bps):
        return UNKNOWN
    return ("+" if bps > 0 else "") + percent(bps, places)


def times(bps: int | None, places: int = 3) -> str:
    """12398 bps -> "1.240×", to the nearest; headlines use two places: "1.24×" (the example of R27)."""
    if is_unknown(bps):
        return UNKNOWN
    step = 10 ** (4 - places)
    return fixed((bps + step // 2) // step, places, places) + "×"


def percentile(bps: int | None) -> str:
    """9404 bps -> "P94"."""
    return UNKNOWN if is_unknown(bps) else f"P{bps // 100}"


def milliseconds(ms: int | None) -> str:
    return UNKNOWN if is_unknown(ms) else f"{grouped_int(ms)} ms"


def elapsed(ms: int | None) -> str:
    """A duration as text: "840 ms", "1.9 s"."""
    if is_unknown(ms):
        return UNKNOWN
    return f"{ms} ms" if ms < 1000 else f"{fixed(ms, 3, 1)} s"


def period(seconds: int | None) -> str:
    """A length set by a rule: "7 days", "6 hours", "90 minutes", "45 seconds"; the largest unit that divides it."""
    if is_unknown(seconds):
        return UNKNOWN
    if seconds and seconds % 86_400 == 0:
        return ngettext("%d day", "%d days", seconds // 86_400) % (seconds // 86_400)
    if seconds and seconds % 3_600 == 0:
        return ngettext("%d hour", "%d hours", seconds // 3_600) % (seconds // 3_600)
    if seconds and seconds % 60 == 0:
        return ngettext("%d minute", "%d minutes", seconds // 60) % (seconds // 60)
    return ngettext("%d second", "%d seconds", seconds) % seconds


def iso(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _time_html(moment: dt.datetime, pattern: str) -> SafeString:
    full = moment.astimezone(dt.UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    text = date_format(timezone.localtime(moment), pattern)
    return format_html('<time datetime="{}" title="{}">{}</time>', iso(moment), full, text)


def zone_name(moment: dt.datetime | None = None) -> str:
    """The reader's time zone as it is called at a moment: "UTC", "CET"."""
    return timezone.localtime(moment or timezone.now()).tzname() or "UTC"


def moment_pattern() -> str:
    """The pattern of a day and a time of day in the reader's language, in Django's letters."""
    return pgettext("date", "j M H:i")


def moment_text(value: dt.datetime) -> str:
    """22 Nov 18:00 UTC, as bare text."""
    return f"{date_format(timezone.localtime(value), moment_pattern())} {zone_name(value)}"


def zoned(value: dt.datetime | None) -> str:
    """22 Nov 18:00 UTC: a moment with its zone."""
    if is_unknown(value):
        return UNKNOWN
    return format_html("{} {}", moment(value), zone_name(value))


def moment(value: dt.datetime | None) -> str:
    """22 Nov 18:00 in the reader's zone; the title has it in UTC with year and seconds."""
    return UNKNOWN if is_unknown(value) else _time_html(value, moment_pattern())


def day(value: dt.datetime | None) -> str:
    return UNKNOWN if is_unknown(value) else _time_html(value, pgettext("date", "j M"))


def clock(value: dt.datetime | None) -> str:
    return UNKNOWN if is_unknown(value) else _time_html(value, "H:i:s")


def remaining_text(seconds: int) -> str:
    """05:12:34 under a day, 1 d 14 h 26 min above; ui.js goes on from here in the same form."""
    days, rest = divmod(max(0, seconds), 86_400)
    hours, rest = divmod(rest, 3_600)
    minutes, secs = divmod(rest, 60)
    if days:
        return gettext("%(d)d d %(h)02d h %(m)02d min") % {"d": days, "h": hours, "m": minutes}
    return f"{hours:02d}:{minutes:02d}:{secs:02d}"


def percentages(parts: Sequence[int], places: int = 1) -> list[int]:
    """Each part of their sum in bps, rounded to `places` decimals of a percent so that they add to 100 %.

    The largest remainders are rounded up, of equal ones the first; all are 0 when the sum is 0.
    """
    whole, units = sum(parts), 10 ** (2 + places)
    if whole <= 0:
        return [0] * len(parts)
    floors = [part * units // whole for part in parts]
    by_remainder = sorted(range(len(parts)), key=lambda i: -(parts[i] * units % whole))
    for i in by_remainder[: units - sum(floors)]:
        floors[i] += 1
    return [part * 10_000 // units for part in floors]


def ppm(value: int | None) -> str:
    """15181 millionths -> "1.518%"."""
    return UNKNOWN if is_unknown(value) else fixed(value, 4, 3) + "%"
