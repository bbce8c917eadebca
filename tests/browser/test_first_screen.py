"""Elements on the first screen of a phone and of a narrow window, and pages for rare states."""

from __future__ import annotations

import re

import pytest
from django.template.loader import render_to_string
from django.test import RequestFactory
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from tests.browser.conftest import NARROW, Open, as_wallet
from tests.browser.test_accessible import faults
from tests.network import node_address, wallet

pytestmark = pytest.mark.browser


def test_the_first_screen_of_a_telephone_has_a_node_the_sort_control_and_ways_to_plan(
    open_page: Open,
) -> None:
    page = open_page("/", size=NARROW)
    first = page.locator("#leaderboard tbody tr").first.get_by_role("rowheader")
    box = first.bounding_box()
    assert box is not None
    assert box["y"] + box["height"] <= NARROW["height"] - 58
    expect(page.locator(".im-sortbox select")).to_be_visible()
    for name in ("Plan", "How it works"):
        expect(page.locator(".im-head").get_by_role("link", name=name, exact=True)).to_be_visible()


def test_the_page_of_a_node_has_its_action_in_reach_on_a_telephone(open_page: Open) -> None:
    page = open_page(f"/nodes/{node_address(1)}/", size=NARROW)
    bar = page.locator(".im-actionbar")
    expect(bar.get_by_role("link", name=re.compile("Delegate|Sign in"))).to_be_in_viewport()
    page.evaluate("scrollTo(0, 1500)")
    expect(bar).to_be_in_viewport()


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("width", [1000, 1200, 1300, 1366, 1440])
def test_the_top_bar_and_the_leaderboard_fit(
    open_page: Open, site: LiveServer, language: str, width: int
) -> None:
    state = as_wallet(wallet(3), site)
    state["cookies"].append({"name": "language", "value": language, "domain": site.thread.host, "path": "/"})
    page = open_page("/", size={"width": width, "height": 800}, storage_state=state)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    heights = page.locator(".im-nav a:visible").evaluate_all(
        "links => links.map((link) => link.scrollHeight)"
    )
    assert max(heights) <= 57
    table, card = page.locator("#leaderboard").evaluate(
        "(card) => [card.querySelector('table'), card].map((one) => one.getBoundingClientRect().right)"
    )
    assert table <= card


def test_a_long_name_widens_no_table_and_covers_nothing(open_page: Open, hostile_name: str) -> None:
    page = open_page("/", size={"width": 1440, "height": 800})
    table, card = page.locator("#leaderboard").evaluate(
        "(card) => [card.querySelector('table'), card].map((one) => one.getBoundingClientRect().right)"
    )
    assert table <= card
    page = open_page("/", size=NARROW)
    head = page.locator("#leaderboard tbody tr", has_text=hostile_name).get_by_role("rowheader")
    name, rank = (head.locator(part).bounding_box() for part in (".im-name", ".im-stacked"))
    assert name is not None
    assert rank is not None
    assert name["x"] + name["width"] <= rank["x"]


def test_pages_of_history_have_no_accessibility_violations(open_page: Open, site: LiveServer) -> None:
    page = open_page("/how/", reduced_motion="reduce")
    node = node_address(4)
    for address in (f"/nodes/{node}/incidents/", f"/nodes/{node}/what-if/?amount=1000&epochs=7"):
        page.goto(site.url + address)
        assert faults(page) == [], address


def test_pages_of_errors_have_no_accessibility_violations(open_page: Open, site: LiveServer) -> None:
    page = open_page("/how/", reduced_motion="reduce", errors=(400, 403, 404, 429, 503))
    request = RequestFactory().get("/")
    for name, status in (("403", 403), ("403_csrf", 403), ("429", 429), ("503", 503)):
        html = render_to_string(f"{name}.html", {"reason": "away", "again": "/", "theme": ""}, request)
        answer_with(page, f"**/error/{name}/", status, html)
        page.goto(f"{site.url}/error/{name}/")
        assert faults(page) == [], name
    for address in ("/?tier=abc", "/nowhere/"):
        page.goto(site.url + address)
        assert faults(page) == [], address


def answer_with(page: Page, address: str, status: int, html: str) -> None:
    page.route(address, lambda route: route.fulfill(status=status, body=html, content_type="text/html"))
