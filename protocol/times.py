"""Times: whole milliseconds since 1970-01-01 UTC in rules and receipts (R21), RFC 3339 outside."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final

UNIX: Final = datetime(1970, 1, 1, tzinfo=UTC)
MS: Final = timedelta(milliseconds=1)
_RFC3339: Final = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]{1,9}))?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)


def unix_ms(moment: datetime) -> int:
    """Whole ms since 1970 of an aware time, floor."""
    return (moment - UNIX) // MS


def moment_of(ms: int) -> datetime:
    """The UTC time `ms` milliseconds after 1970."""
    return UNIX + ms * MS


def read_moment(text: object) -> datetime:
    """An RFC 3339 time as UTC, cut to microseconds. Raises ValueError for anything else, naive times too."""
    match = _RFC3339.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise ValueError("not an RFC 3339 time")
    whole, fraction, zone = match.groups()
    exact = f"{whole}.{(fraction or '')[:6]:0<6}{'+00:00' if zone in 'Zz' else zone}"
    try:
        return datetime.fromisoformat(exact).astimezone(UTC)
    except OverflowError as error:
        raise ValueError("outside the calendar") from error


def write_moment(moment: datetime, *, timespec: str = "auto") -> str:
    """An aware time as RFC 3339 in UTC, with Z. `timespec` as in datetime.isoformat()."""
    return moment.astimezone(UTC).isoformat(timespec=timespec).replace("+00:00", "Z")
