"""Clocks that stand still: this process's own, and the database's as the network reads it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from unittest.mock import patch

import time_machine

from staking.models import Network
from staking.services import clock, epochs


@contextmanager
def stopped_at(moment: datetime) -> Iterator[time_machine.Traveller]:
    """Stop both clocks at `moment`; the offset of the network clock still counts."""
    with ExitStack() as stack:
        traveller = stack.enter_context(time_machine.travel(moment, tick=False))
        stack.enter_context(patch.object(clock, "read_clock", _read))
        for module in (clock, epochs):
            stack.enter_context(patch.object(module, "database_time", _now))
        yield traveller


def _now() -> datetime:
    return datetime.now(UTC)


def _read() -> tuple[datetime, int]:
    offset = Network.objects.values_list("clock_offset_ms", flat=True).first()
    return _now(), offset or 0
