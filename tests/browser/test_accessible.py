"""axe-core finds nothing to object to, on any page, in either theme and width."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.browser.conftest import NARROW, WIDE, Open
from tests.network import node_address

pytestmark = pytest.mark.browser

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
PAGES = (
    "/",
    "/?tier=1&status=banned",
    "/field/",
    f"/nodes/{node_address(4)}/",
    f"/nodes/{node_address(30)}/",
    "/epochs/",
    "/epochs/9/",
    "/epochs/10/",
    "/how/",
    "/styleguide/",
    "/nowhere/",
)


TURN = """(theme) => {
  document.documentElement.dataset.bsTheme = theme;
  document.dispatchEvent(new CustomEvent("im:theme"));
}"""
UNFOLD = "document.querySelectorAll('details').forEach((one) => { one.open = true; })"


def objections(page: Page) -> list[str]:
    violations = Axe().run(page, options=RULES).response["violations"]
    return [f"{one['id']}: {node['html'][:160]}" for one in violations for node in one["nodes"]]


def faults(page: Page) -> list[str]:
    """What is wrong with a page, unfolded, in either theme and width: axe's objections, and what is too wide.

    For pages opened with `reduced_motion="reduce"`: a colour that is on its way has no contrast yet.
    """
    page.evaluate(UNFOLD)
    violations = []
    for size in (WIDE, NARROW):
        page.set_viewport_size(size)  # type: ignore[arg-type]
        page.mouse.wheel(0, 6_000)
        page.wait_for_load_state("networkidle")
        # The wheel loads what waits to be near; at its end the top bar would lie over whatever is there by chance.
        page.evaluate("scrollTo(0, 0)")
        for theme in ("light", "dark"):
            page.evaluate(TURN, theme)
            violations += [f"{theme} at {size['width']}: {one}" for one in objections(page)]
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            violations.append(f"scrolls sideways at {size['width']}")
    return violations


def test_pages_are_accessible(open_page: Open) -> None:
    for address in PAGES:
        assert faults(open_page(address, reduced_motion="reduce")) == [], address
