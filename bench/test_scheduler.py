"""The scheduler's read over 10,000 nodes against the least that Django answers on the same server."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from statistics import median

import pytest
from django.db import connection

from bench import field, site, timed

pytestmark = pytest.mark.bench
ROUNDS, SECONDS = 7, 1.5
READ = "/api/v1/scheduler/nodes?job_class=zkml&region=eu-west&limit=20"


@pytest.fixture
def port(process_environment: dict[str, str]) -> Iterator[int]:
    field.plant()
    environment = {
        **process_environment,
        "DJANGO_SETTINGS_MODULE": "bench.settings",
        "ALLOWED_HOSTS": site.HOST,
        "INFRAMIND_RATE_LIMITS": "off",
    }
    with site.server("inframind.wsgi:application", environment) as port:
        yield port


def test_a_read_costs_little_more_than_nothing(port: int, say: Callable[[str], None]) -> None:
    _, body = site.answer(port, site.get(READ))
    ours, floor = [], []
    for _ in range(ROUNDS):
        floor.append(timed.ask(port, "/hello", SECONDS))
        ours.append(timed.ask(port, READ, SECONDS))
    say(f"scheduler, 20 of 10,000 nodes: {len(body):,} bytes")
    for name, figures in (("hello", floor), ("read", ours)):
        rate, p99 = median(one.rate for one in figures), median(one.p99_ms for one in figures)
        say(f"  {name:6} {rate:8,.0f} answers/s, p99 {p99:.1f} ms")
    share, later = timed.ratio(ours, floor), timed.slower(ours, floor)
    say(f"  {share:.2f} of the answers of Django's hello, p99 {later:.2f} times its")
    assert share >= 0.8
    assert later <= 3


def test_a_read_under_change_is_never_old(port: int, say: Callable[[str], None]) -> None:
    """Retire the best node repeatedly, and measure how long after the commit a read still returns it."""
    with _Load(port):
        ages = [_retire_and_watch(port) for _ in range(30)]
    say(
        f"a retired node was still given {1000 * median(ages):.1f} ms at the median, {1000 * max(ages):.1f} ms at most"
    )
    assert max(ages) < 1


def _retire_and_watch(port: int) -> float:
    """Return the seconds from the retirement to the last request that was still answered with the retired node."""
    best = _best(port)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE staking_node SET retired_at = now() WHERE address = %s", [best.lower()])
    committed = started = time.monotonic()
    while True:
        before, started = started, time.monotonic()
        if _best(port) != best:
            return before - committed


def _best(port: int) -> str:
    _, body = site.answer(port, site.get(READ))
    return body.decode().partition('"node":"')[2][:42]


class _Load:
    """Readers in the background for as long as the block runs."""

    def __init__(self, port: int) -> None:
        self._port, self._over = port, threading.Event()
        self._thread = threading.Thread(target=self._ask)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _ask(self) -> None:
        while not self._over.is_set():
            site.answer(self._port, site.get(READ))
