"""The site in Debian's Chromium, on a small network that has worked for some epochs."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client
from django.test.utils import modify_settings
from playwright.sync_api import Browser, ConsoleMessage, Page, expect
from pytest_django import DjangoDbBlocker
from pytest_django.live_server_helper import LiveServer

from identity.models import User
from staking.models import Node
from staking.services.rankings import rank
from tests.network import Network, node_address

# Playwright runs a loop in this thread, which Django takes for an asynchronous caller.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# How long an awaited state may take on a busy machine; a test goes on as soon as it is reached.
expect.set_options(timeout=20_000)
WIDE, NARROW = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
REGIONS = ("eu-west", "us-east", "ap-south")

# What a strict policy refused, and how far the page moved under the reader's eyes.
WATCH = """
window.refused = [];
window.shift = 0;
const refuse = (event) => window.refused.push(`${event.violatedDirective} ${event.blockedURI}`);
document.addEventListener("securitypolicyviolation", refuse);
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shift += entry.value;
}).observe({ type: "layout-shift", buffered: true });
"""

Open = Callable[..., Page]


def as_wallet(wallet: str, site: LiveServer) -> dict[str, Any]:
    """Return the browser state of a signed-in wallet."""
    client = Client()
    client.force_login(User.objects.get_or_create(address=wallet)[0])
    cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value, "path": "/"}
    return {"cookies": [{**cookie, "domain": site.thread.host}], "origins": []}


def _is_fault(message: ConsoleMessage, statuses: tuple[int, ...]) -> bool:
    # The browser notes that a page of an error is one.
    noted = any(f"status of {status}" in message.text for status in statuses)
    return message.type in ("error", "warning") and not noted


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that empty the database come first."""
    items.sort(key=lambda item: {"db", "site"} <= set(getattr(item, "fixturenames", ())))


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    assert chromium, "Install Chromium: apt-get install chromium"
    return {**browser_type_launch_args, "executable_path": chromium, "args": FLAGS}


@pytest.fixture(scope="session")
def db(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The database, as it is until the end of the run: pytest-django's fixture ends with its test."""
    with django_db_blocker.unblock():
        yield


@pytest.fixture(scope="session")
def site() -> Iterator[LiveServer]:
    """The running site. pytest-django's own fixture would empty the database after every test."""
    server = LiveServer("localhost")
    with modify_settings(ALLOWED_HOSTS={"append": "localhost"}):
        yield server
    server.stop()


@pytest.fixture(scope="session")
def network(db: None) -> Network:
    """The large network, shared by tests that leave it as it is; they run after those with a network of their own."""
    return large_network()


def large_network() -> Network:
    """Thirty nodes with stake, delegators and work in nine epochs; one was slashed; the last ranking is fresh."""
    network = Network()
    nodes = [
        network.node(
            number, own=(number % 5) * 900, name=f"Node {number:02}", region=REGIONS[number % 3],
            hardware={"gpu": "2 × L40S"}, delegation_cap=None if number % 2 else 20_000_000_000,
        )
        for number in range(1, 31)
    ]  # fmt: skip
    for number, node in enumerate(nodes):
        network.delegate(node, number % 7, 50 + 40 * number)
    for epoch in range(9):
        for number, node in enumerate(nodes[:-1]):
            network.work(
                node, 11 + (number + epoch) % 5, credits=1_000_000 + 10_000 * number, latency=60 + number * 9
            )
        if epoch == 3:
            network.work(node_address(4), 1, outcome="dropped")
        network.settle(sound=False)
        rank(now=network.now)
    for node in nodes[:-1]:
        network.work(node, 12)
    rank(now=network.now)
    return network


@pytest.fixture
def open_page(browser: Browser, site: LiveServer, network: Any) -> Iterator[Open]:
    """Open an address of the site; at the end nothing may have been refused by the policy or reported on the console.

    `refusals`: the pages opened are answered with 409 too, `errors`: with these, which the console notes.
    """
    opened: list[tuple[Page, list[str]]] = []

    def open_at(
        address: str,
        *,
        size: dict[str, int] = WIDE,
        theme: str = "",
        refusals: bool = False,
        errors: tuple[int, ...] = (),
        **context: Any,
    ) -> Page:
        made = browser.new_context(viewport=size, **context)  # type: ignore[arg-type]
        made.add_init_script(WATCH)
        if theme:
            made.add_cookies([{"name": "theme", "value": theme, "url": site.url}])
        page = made.new_page()
        faults: list[str] = []
        statuses = (404, *errors, 409) if refusals else (404, *errors)
        page.on(
            "console", lambda message: faults.append(message.text) if _is_fault(message, statuses) else None
        )
        page.on("pageerror", lambda error: faults.append(str(error)))
        opened.append((page, faults))
        page.goto(site.url + address)
        return page

    yield open_at
    for page, faults in opened:
        assert not faults, (page.url, faults)
        if page.evaluate("typeof window.refused") == "object":
            assert page.evaluate("window.refused") == [], page.url
        page.context.close()


@pytest.fixture
def hostile_name(network: Network) -> Iterator[str]:
    """The name of node 3 while a test runs: markup, long, without a place to break a line."""
    node = Node.objects.get(address=node_address(3))
    hostile = '<b>%{y}</b><a href="https://example.org">x</a> &lt;i&gt;'
    Node.objects.filter(pk=node.pk).update(name=hostile)
    yield hostile
    Node.objects.filter(pk=node.pk).update(name=node.name)
