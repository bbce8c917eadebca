"""An error page never replaces a part of the page: the part stays, and a message is shown."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from tests.browser.conftest import NARROW, Open, as_wallet
from tests.network import node_address, wallet

pytestmark = pytest.mark.browser

TROUBLE = "<!doctype html><html><body><main><h1>Trouble</h1></main></body></html>"
# Cells of the first card that lie over one another, and figures that stick out of it.
CROSSED = """(table) => {
  const cells = [...table.querySelectorAll("tbody > tr:first-child > *")], card = table.getBoundingClientRect();
  const boxes = cells.flatMap((cell) => { const text = document.createRange(); text.selectNodeContents(cell);
    return [...text.getClientRects()].filter((box) => box.width > 1).map((box) => [cell, box]); });
  const over = (a, b) => a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 4 && b.top < a.bottom - 4;
  return [...boxes.filter(([, box]) => box.right > card.right).map(([cell]) => cell.textContent),
    ...boxes.flatMap(([one, a]) => boxes.filter(([two, b]) => one !== two && over(a, b)).map(() => one.textContent))];
}"""


def answer_with(page: Page, address: str, status: int) -> None:
    page.route(address, lambda route: route.fulfill(status=status, body=TROUBLE, content_type="text/html"))


@pytest.mark.parametrize("status", [429, 503])
def test_a_list_stays_when_the_next_one_does_not_come(
    browser: Any, site: LiveServer, network: Any, status: int
) -> None:
    page = browser.new_page()
    page.goto(site.url + "/")
    rows = page.locator("#leaderboard tbody tr").count()
    answer_with(page, "**/*sort=*", status)
    page.locator("#leaderboard thead").get_by_role("link", name="Score").click()
    expect(page.get_by_role("status").filter(has_text="No answer from the server")).to_be_visible()
    assert page.locator("#leaderboard tbody tr").count() == rows
    expect(page.get_by_role("heading", level=1)).to_have_text("Nodes")
    page.close()


def test_what_is_typed_stays_when_the_session_has_ended(browser: Any, site: LiveServer, network: Any) -> None:
    context = browser.new_context(storage_state=as_wallet(wallet(1), site))
    page = context.new_page()
    page.goto(f"{site.url}/money/delegate/?node={node_address(2)}")
    cookies = context.cookies()
    context.clear_cookies()
    page.locator("#amount").fill("5")
    expect(page.get_by_role("status").filter(has_text="You are signed out.")).to_be_visible()
    expect(page.locator("#preview")).to_be_visible()
    expect(page.locator("#amount")).to_have_value("5")
    context.add_cookies(cookies)
    page.locator("#amount").fill("6")
    expect(page.locator("#preview")).not_to_contain_text("Enter an amount")
    context.close()


@pytest.mark.parametrize("language", ["en", "de"])
def test_each_epoch_is_one_short_card_with_all_of_its_figures(
    open_page: Open, site: LiveServer, language: str
) -> None:
    chosen = {"name": "language", "value": language, "domain": site.thread.host, "path": "/"}
    state = {"cookies": [chosen], "origins": []}
    page = open_page(f"/wallets/{wallet(1)}/statement/", size=NARROW, storage_state=state)
    table = page.locator("#why table")
    first = table.locator("tbody tr").first
    expect(first.locator("> *:visible")).to_have_count(10)
    assert first.get_by_role("rowheader").count() == 1
    assert table.evaluate(CROSSED) == []
    assert page.locator("#movements table").evaluate(CROSSED) == []
    assert first.bounding_box()["height"] <= (150 if language == "en" else 170)
