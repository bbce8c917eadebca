"""Limit on readings of the open epoch for the page and the endpoint of one node (R49)."""

from __future__ import annotations

from itertools import count
from types import SimpleNamespace
from typing import Any

import pytest

from staking.measurement import live
from tests.network import Network
from tests.wallets import NORTH

pytestmark = pytest.mark.django_db


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock moves half a second each time it is read, so that a reading takes as long."""
    reads = count()
    monkeypatch.setattr(live, "time", SimpleNamespace(monotonic=lambda: next(reads) / 2))
    monkeypatch.setattr(live, "REST", 20)
    for name, value in {"key": (), "duration": 0.0, "until": 0.0}.items():
        monkeypatch.setattr(live._LastReading, name, value)


def test_slow_readings_are_reused_but_not_in_a_new_epoch(three: Network, slow: None, get: Any) -> None:
    def accepted() -> int:
        return int(get(f"nodes/{NORTH}")["accepted"])

    assert accepted() == 0
    three.work(NORTH)
    assert accepted() == 10, "one slow reading may be due to a busy machine"
    three.work(NORTH, 1)
    # 20 times half a second: this reading and nineteen more.
    assert [accepted() for _ in range(20)] == [10] * 19 + [11]
    three.work(NORTH, 1)
    assert accepted() == 11
    three.settle()
    assert accepted() == 12
    three.work(NORTH, 20)
    three.settle()
    assert accepted() == 20
