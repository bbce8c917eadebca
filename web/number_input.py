"""Numbers as people type them: read in the reader's own number style, refused when they can mean two things.

Values are integers of the smallest unit; `scale` is the number of decimals of the unit that is typed (6 for IFM, 2
for percent, 0 for whole numbers).
"""

from __future__ import annotations

import re

from web.formatting import current_style

LONGEST = 40
# Signs between groups of three digits that are never a decimal mark: spaces, and the apostrophes of Switzerland.
NEUTRAL = "\u0020\u00a0\u2009\u202f'’"
MARKS = ((".", ","), (",", "."))


class NumberError(ValueError):
    """Text that is not a number."""


class TooManyDecimals(NumberError):
    """A number with more decimals than its unit has."""


class AmbiguousNumber(NumberError):
    """Text that can be read as two numbers: `readings`, the smaller first."""

    def __init__(self, readings: tuple[int, int]) -> None:
        super().__init__()
        self.readings = readings


def read_number(text: str, scale: int) -> int:
    """`text` times 10^scale, exactly, in the reader's number style; nothing is rounded.

    The reader's decimal mark always is one. Any other single mark before three digits may be a decimal mark or
    separate thousands: that raises AmbiguousNumber. Raises TooManyDecimals, and NumberError for all that is no
    number: signs, exponents, misplaced separators, digits of other scripts, more than 40 characters.
    """
    text = text.strip()
    if len(text) > LONGEST:
        raise NumberError
    own = current_style().point
    if own in text or not set(text) & {".", ","}:
        parts = _split(text, own, "," if own == "." else ".")
        if parts is not None:
            return _scaled(parts, scale)
    return _only_reading(text, scale)


def plain_number(value: int, scale: int) -> str:
    """The shortest text of `value` / 10^scale in the reader's style, without separators: 1500, 0,5."""
    return _written(value, scale, current_style().point).rstrip("0").rstrip(".,") if scale else str(value)


def canonical_number(value: int, scale: int) -> str:
    """`value` / 10^scale with a point and all decimals, or none when it is whole: the same in every number style.

    For links and hidden fields. With three decimals it could be read as thousands, so no unit has a scale of 3.
    """
    return str(value // 10**scale) if value % 10**scale == 0 else _written(value, scale, ".")


def _written(value: int, scale: int, point: str) -> str:
    whole, fraction = divmod(value, 10**scale)
    return f"{whole}{point}{fraction:0{scale}d}"


def _only_reading(text: str, scale: int) -> int:
    parts = [_split(text, point, thousands) for point, thousands in MARKS]
    readable = [part for part in parts if part is not None]
    fitting = sorted({_scaled(part, scale) for part in readable if len(part[1]) <= scale})
    if len(fitting) == 2:
        raise AmbiguousNumber((fitting[0], fitting[1]))
    if not fitting:
        raise TooManyDecimals if readable else NumberError
    return fitting[0]


def _split(text: str, point: str, thousands: str) -> tuple[str, str] | None:
    """Digits before and after the decimal mark; None when the text is no number under these marks."""
    whole, mark, fraction = text.partition(point)
    if mark and re.fullmatch(r"[0-9]+", fraction) is None:
        return None
    if re.fullmatch(r"[0-9]+", whole):
        return whole, fraction
    separator = whole.lstrip("0123456789")[:1]
    if separator not in (thousands, *NEUTRAL):
        return None
    groups = rf"[1-9][0-9]{{0,2}}(?:{re.escape(separator)}[0-9]{{3}})+"
    return (whole.replace(separator, ""), fraction) if re.fullmatch(groups, whole) else None


def _scaled(parts: tuple[str, str], scale: int) -> int:
    whole, fraction = parts
    if len(fraction) > scale:
        raise TooManyDecimals
    return int(whole) * 10**scale + int(fraction.ljust(scale, "0") or 0)
