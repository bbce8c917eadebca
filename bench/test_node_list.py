"""The API's list of 10,000 nodes, a page of 50, against the least that Django answers on the same server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from statistics import median

import pytest

from bench import field, site, timed

pytestmark = pytest.mark.bench
ROUNDS, SECONDS = 7, 1.5
PAGE = "/api/v1/nodes?limit=50"
# What a question that nobody asked before must reach; a fraction of its own makes each one new. An order other than
# the ranking's sorts all nodes.
MISSES = {
    "best first": ("/api/v1/nodes?limit=50&room=0.{n}", 0.1),
    "open in a region": ("/api/v1/nodes?limit=50&open=true&region=eu-west&room=0.{n}", 0.1),
    "by stake": ("/api/v1/nodes?limit=50&ordering=-stake&room=0.{n}", 0.1),
}


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
        for encoding, found in ours.items():
            found.append(timed.ask(port, PAGE, SECONDS, encoding=encoding))
    say(f"nodes, 50 of 10,000, unchanged; hello {median(one.rate for one in floor):,.0f} answers/s")
    for encoding, found in ours.items():
        _, body = site.answer(port, site.get(PAGE, Accept_Encoding=encoding))
        rate, share = median(one.rate for one in found), timed.ratio(found, floor)
        say(f"  {encoding:9} {len(body):6,} bytes {rate:8,.0f} answers/s, {share:.2f} of Django's hello")
    assert timed.ratio(ours["gzip"], floor) >= 0.5


def test_a_page_never_asked_before_is_made_in_time(port: int, say: Callable[[str], None]) -> None:
    figures: dict[str, list[timed.Timed]] = {name: [] for name in ("hello", *MISSES)}
    for _ in range(ROUNDS):
        figures["hello"].append(timed.ask(port, "/hello", SECONDS))
        for name, (path, _) in MISSES.items():
            figures[name].append(timed.ask(port, path, SECONDS))
    shares = {name: timed.ratio(figures[name], figures["hello"]) for name in MISSES}
    for name, share in shares.items():
        say(
            f"  {name:16} {median(one.rate for one in figures[name]):8,.0f} answers/s, {share:.3f} of Django's hello"
        )
    assert all(share >= MISSES[name][1] for name, share in shares.items()), shares
