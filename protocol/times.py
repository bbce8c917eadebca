"""Times as whole milliseconds since 1970-01-01 UTC, the form in which rules and receipts carry them (R21)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

UNIX: Final = datetime(1970, 1, 1, tzinfo=UTC)
MS: Final = timedelta(milliseconds=1)


def unix_ms(moment: datetime) -> int:
    """Whole ms since 1970 of an aware time, floor."""
    return (moment - UNIX) // MS


def moment_of(ms: int) -> datetime:
    """The UTC time `ms` milliseconds after 1970."""
    return UNIX + ms * MS
