"""axe-core finds nothing to object to, on any page, in either theme and width."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page
from pytest_django.live_server_helper import LiveServer

from tests.browser.conftest import NARROW, WIDE, Open, as_wallet
from tests.network import node_address, wallet

pytestmark = pytest.mark.browser

RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
PAGES = (
    "/",
    "/?tier=1&status=banned",
    "/top-nodes/",
    f"/nodes/{node_address(4)}/",
    f"/nodes/{node_address(30)}/",
    "/epochs/",
    "/epochs/9/",
    "/epochs/10/",
    "/how/",
    "/styleguide/",
    "/nowhere/",
    "/verify/",
    f"/epochs/5/proof/{node_address(4)}/",
    "/chain/",
    "/api/v1/docs/",
    "/plan/",
    "/plan/?amount=2000&risk=15",
    "/orders/",
    "/transactions/40/",
    "/accounts/reward_pool/",
)
ACCOUNT = (
    "/portfolio/",
    "/plan/?amount=100&risk=15",
    "/orders/",
    "/account/",
    "/tokens/",
    "/inbox/",
    "/governance/",
    "/representatives/",
)

TURN = """(theme) => {
  document.documentElement.dataset.bsTheme = theme;
  document.dispatchEvent(new CustomEvent("im:theme"));
}"""
UNFOLD = "document.querySelectorAll('details').forEach((one) => { one.open = true; })"
CHECK = """async (options) => {
  const { violations } = await axe.run(document, options);
  return violations.flatMap((one) => one.nodes.map((node) => `${one.id}: ${node.html.slice(0, 160)}`));
}"""


def objections(page: Page) -> list[str]:
    if page.evaluate("typeof axe") == "undefined":
        page.evaluate(Axe().axe_script)
    return page.evaluate(CHECK, {"runOnly": RULES, "resultTypes": ["violations"]})  # type: ignore[no-any-return]


def faults(page: Page) -> list[str]:
    """Return axe's violations and too wide elements of a page with all parts open, in both themes and widths.

    For pages opened with `reduced_motion="reduce"`: a colour that is on its way has no contrast yet.
    """
    page.evaluate(UNFOLD)
    page.mouse.wheel(0, 6_000)
    page.wait_for_load_state("networkidle")
    # The wheel loads what waits to be near; at its end the top bar would lie over whatever is there by chance.
    page.evaluate("scrollTo(0, 0)")
    violations = []
    for size in (WIDE, NARROW):
        page.set_viewport_size(size)  # type: ignore[arg-type]
        for theme in ("light", "dark"):
            page.evaluate(TURN, theme)
            violations += [f"{theme} at {size['width']}: {one}" for one in objections(page)]
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            violations.append(f"scrolls sideways at {size['width']}")
    page.set_viewport_size(WIDE)  # type: ignore[arg-type]
    return violations


def check(page: Page, site: LiveServer, addresses: Iterable[str]) -> None:
    for address in addresses:
        page.goto(site.url + address)
        assert faults(page) == [], address


def test_public_pages_have_no_accessibility_violations(open_page: Open, site: LiveServer) -> None:
    check(open_page("/how/", reduced_motion="reduce"), site, PAGES)


def test_pages_of_a_wallet_have_no_accessibility_violations(open_page: Open, site: LiveServer) -> None:
    page = open_page(
        "/how/", reduced_motion="reduce", refusals=True, storage_state=as_wallet(wallet(3), site)
    )
    check(page, site, ("/", *ACCOUNT, f"/wallets/{wallet(3)}/exits/", f"/epochs/5/proof/{node_address(4)}/"))


def test_pages_of_an_empty_wallet_have_no_accessibility_violations(open_page: Open, site: LiveServer) -> None:
    page = open_page(
        "/how/", reduced_motion="reduce", refusals=True, storage_state=as_wallet(wallet(99), site)
    )
    check(page, site, (*ACCOUNT, "/operator/", "/operator/register/", f"/wallets/{wallet(99)}/exits/"))
