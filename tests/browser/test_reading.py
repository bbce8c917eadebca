"""A reader opens the leaderboard, a node and an epoch; changes are shown without a reload."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from staking.models import Epoch
from staking.models import Network as World
from staking.services.rankings import rank
from tests.browser.conftest import NARROW, WIDE, Open
from tests.network import Network, node_address

pytestmark = pytest.mark.browser


def drawn(page: Page, chart: str) -> None:
    """Scroll to a chart and wait until it is drawn."""
    page.locator(f"#{chart}").scroll_into_view_if_needed()
    expect(page.locator(f"#{chart}[data-drawn]")).to_be_visible()


def test_a_walk_through_the_site(open_page: Open) -> None:
    page = open_page("/")
    expect(page.get_by_role("heading", name="Nodes", exact=True)).to_be_visible()
    page.locator("#top-nodes-later").scroll_into_view_if_needed()
    drawn(page, "top-nodes")
    page.get_by_role("button", name="APR and score").click()
    page.get_by_role("button", name="Rank over time").click()
    expect(page.locator("#top-nodes .im-plot")).to_have_attribute("aria-label", re.compile("rankings ago"))
    page.locator("#leaderboard").get_by_role("link", name="Node 05", exact=True).click()
    expect(page.get_by_role("heading", name="Node 05", exact=True)).to_be_visible()
    for chart in ("rewards", "sla", "latency", "uptime", "stake", "rank"):
        drawn(page, chart)
    page.get_by_role("link", name="Reward, epoch 9").click()
    expect(page.get_by_role("heading", name="Epoch 9, settlement report")).to_be_visible()
    drawn(page, "pool")
    expect(page.get_by_text("Pool and sum are equal")).to_be_visible()
    page.get_by_role("navigation", name="Main", exact=True).get_by_role("link", name="Epochs").click()
    expect(page.get_by_role("heading", name="Settlement reports")).to_be_visible()
    drawn(page, "epochs-chart")


def test_filters_swap_the_list_and_the_address(open_page: Open) -> None:
    page = open_page("/")
    page.evaluate("window.same = true")
    page.get_by_role("button", name="Filters").click()
    page.get_by_label("Region").select_option("us-east")
    expect(page.locator("#lb-count")).to_have_text("10 nodes")
    expect(page).to_have_url(re.compile(r"region=us-east"))
    page.locator("thead").get_by_role("link", name="Stake").click()
    expect(page.locator("th[aria-sort=descending]")).to_contain_text("Stake")
    expect(page).to_have_url(re.compile(r"region=us-east&sort=-stake"))
    page.locator("label[for=tier2]").click()
    expect(page).to_have_url(re.compile(r"sort=-stake"))
    expect(page).to_have_url(re.compile(r"tier=2"))
    page.get_by_label("Search by name or address").fill("nobody")
    expect(page.get_by_text("No node matches these filters")).to_be_visible()
    assert page.evaluate("window.same")
    page.go_back()
    expect(page.get_by_text("No node matches these filters")).to_be_hidden()


def test_a_sort_by_keyboard_keeps_its_place(open_page: Open) -> None:
    page = open_page("/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Q factor").focus()
    page.keyboard.press("Enter")
    expect(page.locator("th[aria-sort=descending]")).to_contain_text("Q factor")


def test_the_theme_turns_without_a_flash(open_page: Open) -> None:
    page = open_page("/", theme="light")
    page.get_by_role("button", name="Switch between light and dark theme").click()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")


def test_nodes_gather_for_comparison(open_page: Open) -> None:
    page = open_page("/")
    boxes = page.locator("input[data-pick]")
    for place in range(5):
        boxes.nth(place).click()
    expect(page.locator("[data-count]")).to_have_text("4")
    expect(page.get_by_text("Compare up to four nodes at a time.")).to_be_visible()
    link = page.locator("a[data-compare]").get_attribute("href")
    assert link is not None
    assert link.count("n=0x") == 4
    page.get_by_role("link", name="Next", exact=True).click()
    expect(page.locator("#leaderboard")).to_contain_text("26 to 30 of 30")
    expect(page.locator("[data-count]")).to_have_text("4")


def test_an_open_page_renews_itself(open_page: Open, network: Network) -> None:
    page = open_page("/")
    page.evaluate("window.same = true")
    before = page.locator("#network-figures").inner_text()
    network.node(40, own=500, name="Newcomer")
    network.work(node_address(40), 40, latency=1)
    rank(now=network.now)
    page.evaluate("window.dispatchEvent(new Event('im:look'))")
    expect(page.get_by_role("link", name="Newcomer", exact=True)).to_be_visible(timeout=15_000)
    assert page.locator("#network-figures").inner_text() != before
    assert page.evaluate("window.same")


def test_charts_are_saved_as_table_and_picture(open_page: Open) -> None:
    page = open_page(f"/nodes/{node_address(5)}/")
    drawn(page, "rewards")
    page.locator("#rewards .im-plot").hover()
    expect(
        page.locator("#rewards .hoverlayer .hovertext, #rewards .hoverlayer .legend").first
    ).to_be_visible()
    for kind in ("csv", "png", "svg"):
        with page.expect_download() as saved:
            page.locator(f"[data-save={kind}][data-for=rewards]").click()
        assert saved.value.suggested_filename.endswith(f".{kind}")
        if kind == "csv":
            text = saved.value.path().read_text()
            assert text.startswith('"Epoch",epoch_end,')
            end = f"{Epoch.objects.get(number=9).end:%Y-%m-%dT%H:%M:%SZ}"
            assert re.search(rf"^9,{end},\d+\.\d{{6}},\d+\.\d{{6}}\s*$", text, re.MULTILINE)
            # Every epoch of the table has its end, and no other column moved.
            assert {len(line.split(",")) for line in text.splitlines()[1:]} == {4}
            assert ",," not in text


def test_without_script_everything_can_be_read(open_page: Open, network: Network) -> None:
    ahead = network.now - datetime.now(UTC)
    World.objects.update(clock_offset_ms=ahead // timedelta(milliseconds=1))
    page = open_page("/?region=us-east", java_script_enabled=False)
    left = [page.locator("#epoch-pill time"), page.locator("#network-figures time[data-countdown]")]
    for countdown in left:
        expect(countdown).to_have_text(re.compile(r"^(23:5\d:\d\d|1 d 00 h 00 min)$"))
    expect(page.locator("#lb-count")).to_have_text("10 nodes")
    page.get_by_label("Job class").select_option("zkml")
    page.get_by_role("button", name="Apply").click()
    expect(page).to_have_url(re.compile("job_class=zkml"))
    page.get_by_role("link", name="Open the chart").click()
    page.get_by_text("Show the numbers as a table").first.click()
    expect(page.locator("table[data-of=makeup]")).to_be_visible()


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_nothing_jumps_and_nothing_scrolls_sideways(open_page: Open, size: dict[str, int]) -> None:
    for address in ("/", f"/nodes/{node_address(4)}/", "/epochs/", "/epochs/9/", "/how/"):
        page = open_page(address, size=size)
        # As on a slow phone, which paints a page before all of it has arrived.
        slow = page.context.new_cdp_session(page)
        slow.send("Emulation.setCPUThrottlingRate", {"rate": 6})
        page.reload()
        for _ in range(8):
            page.mouse.wheel(0, 500)
            page.evaluate("() => new Promise(requestAnimationFrame)")
        page.wait_for_load_state("networkidle")
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, address
        assert page.evaluate("window.shift") <= 0.02, address
