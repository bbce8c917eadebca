"""The database's clock, and how far this machine's clock is from it.

What is due is decided by the database's clock. Sign-ins, tokens and logs use the machine's own clock, so a process
whose clock differs too much refuses to write.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.db import connection

LIMIT = timedelta(seconds=5)
ZERO = timedelta(0)

# The last measurement of this process; each reading of the database's clock renews it.
_skew = ZERO


class ClockSkew(Exception):
    """This machine's clock differs from the database's by more than LIMIT."""


def database_time() -> datetime:
    """Return the database's clock, UTC, and measure this machine's clock against it. One round trip."""
    before = datetime.now(UTC)
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        at: datetime = cursor.fetchone()[0]
    measure(at, since=before)
    return at


def measure(at: datetime, *, since: datetime) -> None:
    """Note how far this machine's clock is from `at`, which the database read between `since` and now.

    A slow round trip is not a skew: only the part outside that interval counts.
    """
    global _skew
    until = datetime.now(UTC)
    _skew = max(since - at, ZERO) - max(at - until, ZERO)


def skew() -> timedelta:
    """The time by which this machine's clock is ahead of the database's (negative: behind), as last measured."""
    return _skew


def require_agreement() -> None:
    """Raise ClockSkew when the last measurement was beyond LIMIT."""
    if abs(_skew) > LIMIT:
        raise ClockSkew(
            f"the clock of this machine is {_words(abs(_skew))} {'ahead of' if _skew > ZERO else 'behind'} the "
            f"database's; nothing is written until they agree within {LIMIT.seconds} seconds. Correct the clock that "
            "is wrong (timedatectl timesync-status shows which)."
        )


def _words(length: timedelta) -> str:
    minutes, seconds = divmod(int(length.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    parts = ((hours, "h"), (minutes, "min"), (seconds, "s"))
    return " ".join(f"{number} {unit}" for number, unit in parts if number)
