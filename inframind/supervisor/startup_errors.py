"""Errors that stop the start, with a message that says what to do."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from django.core.exceptions import ImproperlyConfigured

EXIT_STATUS = 2


class StartFault(Exception):
    """A start is impossible for a cause outside the project; the message says which, and what to do."""


@contextmanager
def report_startup_errors() -> Iterator[None]:
    """End the process with one sentence instead of a traceback when the start is refused."""
    try:
        yield
    except (StartFault, ImproperlyConfigured) as fault:
        print(f"InfraMind cannot start: {fault}", file=sys.stderr)
        raise SystemExit(EXIT_STATUS) from fault
