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


def objections(page: Page) -> list[str]:
    found = Axe().run(page, options=RULES).response["violations"]
    return [f"{one['id']}: {node['html'][:160]}" for one in found for node in one["nodes"]]


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_pages_are_accessible(open_page: Open, theme: str, size: dict[str, int]) -> None:
    for address in PAGES:
        page = open_page(address, size=size, theme=theme)
        page.mouse.wheel(0, 6_000)
        page.wait_for_load_state("networkidle")
        page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        assert objections(page) == [], address
