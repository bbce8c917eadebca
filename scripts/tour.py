"""Takes the pictures of docs/tour.md anew, from a demo network of its own or from a site that is up.

python scripts/tour.py [URL]
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from picture import FLAGS, ROOT, SIZE, demo_network
from playwright.sync_api import Browser, Page, sync_playwright

FOLDER = ROOT / "docs" / "tour"
PHONE = {"width": 390, "height": 844}


@dataclass(frozen=True)
class Stop:
    """A picture: its file, where it is taken, as whom, and how. `follow`: a link of the page to go on to."""

    name: str
    address: str
    role: str = ""
    follow: str = ""
    theme: str = "light"
    phone: bool = False
    tall: bool = False


STOPS = (
    Stop("leaderboard", "/"),
    Stop("leaderboard-dark", "/?sort=-stake", theme="dark"),
    Stop("leaderboard-phone", "/", phone=True),
    Stop("top-nodes", "/top-nodes/"),
    Stop("node", "/", follow="#leaderboard tbody tr:nth-child(2) th a", tall=True),
    Stop("node-phone", "/", follow="#leaderboard tbody tr:nth-child(2) th a", phone=True, theme="dark"),
    Stop("epoch", "/epochs/", follow="#epochs tbody tr:nth-child(2) th a", tall=True),
    Stop("how", "/how/"),
    Stop("signin", "/signin/"),
    Stop("portfolio", "/portfolio/", role="delegator"),
    Stop("operator", "/operator/", role="operator"),
    Stop("governance", "/governance/", role="member"),
    Stop("dispute", "/governance/", role="member", follow="a[href^='/disputes/']", theme="dark"),
    Stop("parameters", "/parameters/"),
)


def main() -> None:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        sys.exit("Chromium is needed: apt-get install chromium")
    FOLDER.mkdir(parents=True, exist_ok=True)
    with _site(sys.argv[1:]) as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        for stop in STOPS:
            _take(browser, url, stop)
            print(f"docs/tour/{stop.name}.png", flush=True)
        browser.close()


@contextmanager
def _site(arguments: list[str]) -> Iterator[str]:
    if arguments:
        yield arguments[0].rstrip("/")
        return
    with demo_network() as url:
        yield url


def _take(browser: Browser, url: str, stop: Stop) -> None:
    size = dict(PHONE if stop.phone else SIZE)
    if stop.tall:
        size["height"] = 1_400
    context = browser.new_context(viewport=size, reduced_motion="reduce")  # type: ignore[arg-type]
    context.add_cookies([{"name": "theme", "value": stop.theme, "url": url}])
    page = context.new_page()
    if stop.role:
        page.goto(f"{url}/signin/")
        page.locator(f"form[action='/signin/demo/{stop.role}/'] button").click()
        page.wait_for_load_state("networkidle")
    page.goto(url + stop.address, wait_until="networkidle")
    if stop.follow:
        page.locator(stop.follow).first.click()
        page.wait_for_load_state("networkidle")
    _settle(page)
    page.screenshot(path=FOLDER / f"{stop.name}.png")
    context.close()


def _settle(page: Page) -> None:
    """Wait until every chart in sight is drawn."""
    page.wait_for_function(
        "() => [...document.querySelectorAll('figure.im-chart')].every((chart) => chart.dataset.drawn"
        " || chart.getBoundingClientRect().top > innerHeight)"
    )


if __name__ == "__main__":
    main()
