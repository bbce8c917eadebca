"""German on the narrowest phone, reduced motion, and the printed statement."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from tests.browser.conftest import Open
from tests.browser.test_accessible import PAGES
from tests.network import node_address, wallet

pytestmark = pytest.mark.browser

SMALLEST = {"width": 320, "height": 640}
STATEMENT = f"/wallets/{wallet(1)}/statement/"
MOVES = """() => [...document.querySelectorAll("*")].filter((one) => {
  const style = getComputedStyle(one);
  return style.animationName !== "none" || style.transitionDuration.split(", ").some((time) => time !== "0s");
}).length"""


def in_german(site: LiveServer) -> dict[str, Any]:
    """The browser state of a reader who chose German."""
    chosen = {"name": "language", "value": "de", "domain": site.thread.host, "path": "/"}
    return {"cookies": [chosen], "origins": []}


def sideways(page: Page) -> int:
    """Pixels that the page can be scrolled sideways."""
    return int(page.evaluate("document.documentElement.scrollWidth - innerWidth"))


def test_german_fits_the_smallest_screen(open_page: Open, site: LiveServer) -> None:
    page = open_page("/", size=SMALLEST, storage_state=in_german(site))
    expect(page.get_by_role("heading", level=1)).to_have_text("Knoten")
    for address in (
        *PAGES,
        STATEMENT,
        f"/compare/?n={node_address(1)}&n={node_address(2)}",
        "/parameters/",
        "/signin/",
    ):
        page.goto(site.url + address)
        page.wait_for_load_state("networkidle")
        assert sideways(page) <= 0, address
        assert page.evaluate("window.shift") <= 0.02, address


def test_nothing_moves_for_who_wants_no_motion(open_page: Open) -> None:
    for address in ("/", f"/nodes/{node_address(4)}/"):
        page = open_page(address, reduced_motion="reduce")
        assert page.evaluate(MOVES) == 0, address


def test_a_statement_on_paper_is_figures_alone(open_page: Open) -> None:
    page = open_page(STATEMENT)
    page.emulate_media(media="print")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.get_by_role("banner")).to_be_hidden()
    expect(page.locator(".btn:visible, input:visible, select:visible")).to_have_count(0)
    assert page.pdf().startswith(b"%PDF")
