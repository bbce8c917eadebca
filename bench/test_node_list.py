"""The API's list of 10,000 nodes, a page of 50, against the least that Django answers on the same server."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.synchronize import Event
from statistics import median

import psycopg
import pytest

from bench import field, site, timed
from staking.selectors.nodes import ORDERINGS

pytestmark = pytest.mark.bench
ROUNDS, SECONDS, MISS_SECONDS = 7, 1.5, 0.5
PAGE = "/api/v1/nodes?limit=50"
# Requests that are not in the cache: each has a different fraction.
MISSES = {
    **{ordering: f"/api/v1/nodes?limit=50&ordering={ordering}&room=0.{{n}}" for ordering in ORDERINGS},
    "open in a region": "/api/v1/nodes?limit=50&open=true&region=eu-west&room=0.{n}",
}
LEAST = 0.1
MOVE = "UPDATE staking_pool SET tokens = tokens + 1 WHERE node_id = (SELECT min(node_id) FROM staking_pool)"
MOVE_SECONDS = 1


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


def test_an_unchanged_page_costs_little_more_than_nothing(port: int, say: Callable[[str], None]) -> None:
    ours: dict[str, list[timed.Timed]] = {"gzip": [], "identity": []}
    floor = []
    for _ in range(ROUNDS):
        floor.append(timed.ask(port, "/hello", SECONDS))
        for encoding, samples in ours.items():
            samples.append(timed.ask(port, PAGE, SECONDS, encoding=encoding))
    say(f"nodes, 50 of 10,000, unchanged; hello {median(one.rate for one in floor):,.0f} answers/s")
    for encoding, samples in ours.items():
        _, body = site.answer(port, site.get(PAGE, Accept_Encoding=encoding))
        rate, share = median(one.rate for one in samples), timed.ratio(samples, floor)
        say(f"  {encoding:9} {len(body):6,} bytes {rate:8,.0f} answers/s, {share:.2f} of Django's hello")
    assert timed.ratio(ours["gzip"], floor) >= 0.5


def test_an_uncached_page_is_built_in_time(
    port: int, process_environment: dict[str, str], say: Callable[[str], None]
) -> None:
    figures: dict[str, list[timed.Timed]] = {name: [] for name in ("hello", *MISSES)}
    with stake_moving(process_environment["DATABASE_URL"]):
        for _ in range(ROUNDS):
            for name, path in {"hello": "/hello", **MISSES}.items():
                figures[name].append(timed.ask(port, path, MISS_SECONDS))
    shares = {name: timed.ratio(figures[name], figures["hello"]) for name in MISSES}
    say("nodes, 50 of 10,000, never asked before, while stake moves every second")
    for name, share in shares.items():
        rate = median(one.rate for one in figures[name])
        say(f"  {name:16} {rate:8,.0f} answers/s, {share:.3f} of Django's hello")
    assert all(share >= LEAST for share in shares.values()), shares


@contextmanager
def stake_moving(url: str) -> Iterator[None]:
    """Change some stake continuously, so that orders and rows are computed again after each change."""
    context = multiprocessing.get_context("fork")
    ended = context.Event()
    mover = context.Process(target=_move, args=(url, ended))
    mover.start()
    try:
        yield
    finally:
        ended.set()
        mover.join()
    assert mover.exitcode == 0


def _move(url: str, ended: Event) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        while not ended.wait(MOVE_SECONDS):
            connection.execute(MOVE)
