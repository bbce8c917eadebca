"""Measures every page of a demo network as a phone on a slow line sees it, and says which gate it misses.

python scripts/face.py [URL]

390 px wide, 1.6 Mbit/s, 150 ms, a quarter of the processor, nothing cached: medians of ROUNDS.
"""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median
from typing import Any

from picture import FLAGS, demo_network
from playwright.sync_api import Browser, BrowserContext, CDPSession, Page, sync_playwright

ROUNDS = 5
PHONE = {"width": 390, "height": 844}
LINE = {"offline": False, "latency": 150, "downloadThroughput": 200_000, "uploadThroughput": 200_000}
SLOWER = 4
# Plotly comes when a chart comes near, after the page is painted; the budget is for what the page needs.
LATER = "plotly"
OWN_SCRIPTS = re.compile(r"/static/(ui|charts|signin)\.")

# What a page may weigh (bytes as sent) and take (ms), and how far it may jump.
GATES = {"html": 20_000, "script": 8_000, "first": 110_000, "shift": 0.02, "fcp": 2_000, "lcp": 2_000}

WATCH = """
window.shift = 0; window.largest = 0;
new PerformanceObserver((list) => { for (const entry of list.getEntries()) window.largest = entry.startTime; })
  .observe({ type: "largest-contentful-paint", buffered: true });
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shift += entry.value;
}).observe({ type: "layout-shift", buffered: true });
"""
PAINTED = "() => performance.getEntriesByName('first-contentful-paint').length > 0 && window.largest > 0"
FIRST_PAINT = "performance.getEntriesByName('first-contentful-paint')[0].startTime"


@dataclass(frozen=True)
class Place:
    """A page: its address, or the page and the link on it that lead there; `role` of the demo wallet.

    `status` is what it answers with: what is measured shall be the page, not that it is missing.
    """

    address: str
    follow: str = ""
    role: str = ""
    status: int = 200


NODE = "#leaderboard tbody tr:nth-child(2) th a"
PLACES = (
    Place("/"),
    Place("/field/"),
    Place("/", NODE),
    Place("/epochs/"),
    Place("/epochs/", "#epochs tbody tr:nth-child(2) th a"),
    Place("/", "#epoch-pill"),
    Place("/how/"),
    Place("/styleguide/"),
    Place("/signin/"),
    Place("/preferences/"),
    Place("/governance/"),
    Place("/governance/", "main a[href^='/disputes/']"),
    Place("/slashes/"),
    Place("/slashes/", "main a[href^='/slashes/']:not([href*='?'])"),
    Place("/proposals/"),
    Place("/proposals/", "main a[href^='/proposals/']:not([href*='new'])"),
    Place("/parameters/"),
    Place("/nowhere/", status=404),
    Place("/portfolio/", role="delegator"),
    Place("/portfolio/", "main a[href*='/statement/']", "delegator"),
    Place("/portfolio/", "main a[href^='/nodes/']", "delegator"),
    Place("/portfolio/", "main a[href*='/money/undelegate/']", "delegator"),
    Place("/money/claim-all/review/", role="delegator"),
    Place("/inbox/", role="delegator"),
    Place("/inbox/settings/", role="delegator"),
    Place("/tokens/", role="delegator"),
    Place("/proposals/new/", role="delegator"),
    Place("/operator/", role="operator"),
    Place("/operator/register/", role="operator"),
)


@dataclass(frozen=True)
class Seen:
    """What one cold visit cost: bytes as sent, milliseconds, layout shift."""

    html: int
    script: int
    first: int
    shift: float
    fcp: float
    lcp: float


def main() -> None:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        sys.exit("Chromium is needed: apt-get install chromium")
    with _site(sys.argv[1:]) as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        missed = _measure_all(browser, url)
        browser.close()
    sys.exit(f"{missed} figures miss their gate." if missed else None)


@contextmanager
def _site(given: list[str]) -> Iterator[str]:
    if given:
        yield given[0].rstrip("/")
        return
    with demo_network() as url:
        yield url


def _measure_all(browser: Browser, url: str) -> int:
    print(f"{'page':58} {'HTML':>6} {'own JS':>6} {'first':>7} {'shift':>6} {'FCP':>6} {'LCP':>6}")
    missed = 0
    for place in PLACES:
        address, cookies = _find(browser, url, place)
        rounds = [_visit(browser, address, cookies, place.status) for _ in range(ROUNDS)]
        figures = {name: median(getattr(one, name) for one in rounds) for name in GATES}
        over = [name for name, most in GATES.items() if figures[name] > most]
        missed += len(over)
        print(_line(address.removeprefix(url), figures, over), flush=True)
    return missed


def _line(address: str, figures: dict[str, float], over: list[str]) -> str:
    sizes = f"{figures['html']:6.0f} {figures['script']:6.0f} {figures['first']:7.0f}"
    times = f"{figures['shift']:6.3f} {figures['fcp']:6.0f} {figures['lcp']:6.0f}"
    return f"{address[:58]:58} {sizes} {times}" + (f"  over: {', '.join(over)}" if over else "")


def _find(browser: Browser, url: str, place: Place) -> tuple[str, list[dict[str, object]]]:
    """The full address of a place, and the cookies of whoever may read it."""
    context = browser.new_context()
    page = context.new_page()
    if place.role:
        page.goto(f"{url}/signin/")
        page.locator(f"form[action='/signin/demo/{place.role}/'] button").click()
        page.wait_for_load_state("networkidle")
    address = url + place.address
    if place.follow:
        page.goto(address)
        link = page.locator(place.follow).first.get_attribute("href")
        address = url + str(link)
    cookies = context.cookies()
    context.close()
    return address, cookies  # type: ignore[return-value]


def _visit(browser: Browser, address: str, cookies: list[dict[str, object]], status: int) -> Seen:
    context = browser.new_context(viewport=PHONE, device_scale_factor=2, is_mobile=True)  # type: ignore[arg-type]
    context.add_cookies(cookies)  # type: ignore[arg-type]
    page = context.new_page()
    page.add_init_script(WATCH)
    sent = _weigh(_slow(context, page))
    answer = page.goto(address, wait_until="load")
    if answer is None or answer.status != status:
        sys.exit(f"{address} answers {answer and answer.status}, not {status}.")
    page.wait_for_function(PAINTED)
    page.wait_for_load_state("networkidle")
    seen = Seen(
        html=sent.get(page.url, 0),
        script=sum(size for name, size in sent.items() if OWN_SCRIPTS.search(name)),
        first=sum(size for name, size in sent.items() if LATER not in name),
        shift=page.evaluate("window.shift"),
        fcp=page.evaluate(FIRST_PAINT),
        lcp=page.evaluate("window.largest"),
    )
    context.close()
    return seen


def _slow(context: BrowserContext, page: Page) -> CDPSession:
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", LINE)
    session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    return session


def _weigh(session: CDPSession) -> dict[str, int]:
    """Bytes of the bodies as sent, by address; filled while the page loads."""
    names: dict[str, str] = {}
    heads: dict[str, int] = {}
    sent: dict[str, int] = {}

    def answered(event: dict[str, Any]) -> None:
        names[event["requestId"]] = event["response"]["url"]
        heads[event["requestId"]] = int(event["response"]["encodedDataLength"])

    def finished(event: dict[str, Any]) -> None:
        name = names.get(event["requestId"])
        if name is not None:
            sent[name] = int(event["encodedDataLength"]) - heads[event["requestId"]]

    session.on("Network.responseReceived", answered)
    session.on("Network.loadingFinished", finished)
    return sent


if __name__ == "__main__":
    main()
