"""The leaderboard of 10,000 nodes, 50 rows: cached bytes against the least that Django answers, and against Dash."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from statistics import median

import pytest

from bench import dash_table, field, site

pytestmark = pytest.mark.bench
ROUNDS, SECONDS = 5, 1.5
PAGE = "/?rows=50&tier=2&sort=-stake"
COMPRESSED = {"Accept_Encoding": "br, gzip"}


@pytest.fixture
def port(process_environment: dict[str, str]) -> Iterator[int]:
    field.plant()
    environment = {
        **process_environment,
        "DJANGO_SETTINGS_MODULE": "bench.settings",
        "ALLOWED_HOSTS": "127.0.0.1",
    }
    with site.server("inframind.wsgi:application", environment) as port:
        yield port


def test_an_unchanged_page_costs_little_more_than_nothing(port: int, say: Callable[[str], None]) -> None:
    _, body = site.answer(port, site.get(PAGE, **COMPRESSED))
    rates: dict[str, list[float]] = {"hello": [], "page": [], "304": []}
    for _ in range(ROUNDS):
        rates["hello"].append(site.rate(port, site.get("/hello"), SECONDS))
        rates["page"].append(site.rate(port, site.get(PAGE, **COMPRESSED), SECONDS))
        again = site.get(PAGE, **COMPRESSED, If_None_Match=_etag(port))
        rates["304"].append(site.rate(port, again, SECONDS))
    say(f"leaderboard, 50 of 10,000 nodes: {len(body):,} bytes on the wire (br)")
    for name in rates:
        say(
            f"  {name:6} {median(rates[name]):8,.0f} answers/s, {_ratio(rates, name, 'hello'):.2f} of Django's hello"
        )
    assert _ratio(rates, "page", "hello") >= 0.5
    assert _ratio(rates, "304", "hello") >= 0.5


def test_a_miss_is_rendered_once(port: int, say: Callable[[str], None]) -> None:
    words = (f"/?rows=50&q=Dune+{number}" for number in itertools.count(1))
    rates: dict[str, list[float]] = {"miss": [], "hello": []}
    for _ in range(ROUNDS):
        rates["miss"].append(site.rate(port, site.get(next(words), **COMPRESSED), SECONDS))
        rates["hello"].append(site.rate(port, site.get("/hello"), SECONDS))
    say(
        f"a search, never cached: {median(rates['miss']):.0f} pages/s, {_ratio(rates, 'miss', 'hello'):.3f} of hello"
    )


def test_against_a_dash_table_of_the_same_rows(port: int, say: Callable[[str], None]) -> None:
    with dash_table.served() as dash:
        if dash is None:
            say("Dash does not install here: no comparison")
            return
        ours, theirs = [], []
        _, body = site.answer(port, site.get(PAGE, **COMPRESSED))
        for _ in range(ROUNDS):
            ours.append(site.rate(port, site.get(PAGE, **COMPRESSED), SECONDS))
            theirs.append(site.rate(dash.port, dash.filter_request, SECONDS))
        times = median(a / b for a, b in zip(ours, theirs, strict=True))
        say(f"Dash: {median(theirs):.0f} answers/s; ours are {times:.1f} times as many")
        fewer = dash.bytes_on_the_wire / len(body)
        say(
            f"Dash: {dash.bytes_on_the_wire:,} bytes to the first rows, {fewer:.0f} times ours before style and script"
        )
        assert times >= 2


def _etag(port: int) -> str:
    head, _ = site.answer(port, site.get(PAGE, **COMPRESSED))
    lines = head.decode().split("\r\n")
    return next(line[5:].strip() for line in lines if line.lower().startswith("etag:"))


def _ratio(rates: dict[str, list[float]], name: str, floor: str) -> float:
    return median(a / b for a, b in zip(rates[name], rates[floor], strict=True))
