"""Every chart draws, in both themes and on both screens; views, themes and downloads work."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import NARROW, WIDE, Open
from tests.network import Network, node_address, wallet

pytestmark = pytest.mark.browser

NODE = f"/nodes/{node_address(4)}/"
PAGES = ("/top-nodes/", NODE, "/epochs/", "/epochs/9/", f"/wallets/{wallet(3)}/", "/styleguide/")

# Every colour that a figure draws its marks and lines with.
DRAWN_COLOURS = """(plot) => [...plot.querySelectorAll(".trace path")].map((path) => {
  const style = getComputedStyle(path);
  return style.fill === "none" || style.fill === "rgba(0, 0, 0, 0)" ? style.stroke : style.fill;
})"""
TOKEN = """(name) => {
  const probe = document.body.appendChild(document.createElement("i"));
  probe.style.color = `var(--im-${name})`;
  const colour = getComputedStyle(probe).color;
  probe.remove();
  return colour;
}"""


def views(page: Page, figure: Locator) -> list[Locator]:
    return page.locator(f"[data-view][data-for='{figure.get_attribute('id')}']").all()


def is_drawn(page: Page, figure: Locator) -> None:
    figure.scroll_into_view_if_needed()
    caption = figure.locator("figcaption p:visible")
    expect(figure).to_have_attribute("data-drawn", caption.get_attribute("data-of") or "")
    plot = figure.locator(".im-plot")
    expect(plot).to_have_attribute("role", "img")
    expect(plot).to_have_attribute("aria-label", caption.inner_text())
    expect(plot.locator(".trace path").first).to_be_attached()
    right = plot.locator("svg.main-svg").first.evaluate("(svg) => svg.getBoundingClientRect().right")
    assert right <= page.evaluate("innerWidth"), figure.get_attribute("id")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_every_chart_draws(open_page: Open, network: Network, size: dict[str, int], theme: str) -> None:
    slash = network.slash(node_address(4))
    for address in (*PAGES, f"/slashes/{slash.id}/"):
        page = open_page(address, size=size, theme=theme)
        figures = page.locator("figure.im-chart").all()
        assert figures, address
        for figure in figures:
            is_drawn(page, figure)
            for view in views(page, figure):
                view.press("Enter")
                expect(view).to_have_attribute("aria-pressed", "true")
                is_drawn(page, figure)


def test_colours_follow_the_theme(open_page: Open) -> None:
    page = open_page(NODE, theme="light")
    rewards = page.locator("#rewards")
    is_drawn(page, rewards)
    plot = rewards.locator(".im-plot").element_handle()
    light = page.evaluate(TOKEN, "operator")
    assert light in page.evaluate(DRAWN_COLOURS, plot)
    page.get_by_role("button", name="Switch between light and dark theme").click()
    dark = page.evaluate(TOKEN, "operator")
    assert dark != light
    page.wait_for_function(f"([plot, colour]) => ({DRAWN_COLOURS})(plot).includes(colour)", arg=[plot, dark])
    assert light not in page.evaluate(DRAWN_COLOURS, plot)


def test_hostile_names_are_drawn_as_text(open_page: Open, network: Network, hostile_name: str) -> None:
    page = open_page("/top-nodes/")
    chart = page.locator("#top-nodes")
    is_drawn(page, chart)
    for view in views(page, chart):
        view.click()
        is_drawn(page, chart)
        assert not chart.locator(".im-plot a, .im-plot [style*='font-weight: bold']").count()
    expect(chart.locator(".annotation-text", has_text=hostile_name)).to_be_visible()
    page = open_page(f"/nodes/{node_address(3)}/")
    latency = page.locator("#latency")
    is_drawn(page, latency)
    expect(latency.locator(".legendtext").first).to_have_text(hostile_name)


def test_texts_are_in_the_language_and_number_format_of_the_reader(open_page: Open) -> None:
    page = open_page(NODE, locale="de-DE")
    rewards = page.locator("#rewards")
    is_drawn(page, rewards)
    rewards.locator(".im-plot").hover()
    expect(rewards.locator(".hoverlayer")).to_contain_text(
        re.compile(r"Epoche \d.*Betreiber : \d+,\d{6} IFM")
    )


def test_a_chart_that_cannot_load_shows_its_table(open_page: Open) -> None:
    page = open_page("/how/")
    page.route("**/plotly-basic*", lambda route: route.fulfill(status=404))
    page.goto(page.url.replace("/how/", NODE))
    figure = page.locator("#rewards")
    figure.scroll_into_view_if_needed()
    expect(figure.get_by_text("The chart could not be loaded.")).to_be_visible()
    expect(figure.locator("table").first).to_be_visible()
