"""Measure size, paint time and layout shift of every page on a slow phone, and compare them with their limits.

python scripts/page_weight.py [URL]

390 px wide, 1.6 Mbit/s, 150 ms latency, CPU ÷ 4, empty cache; medians of ROUNDS visits. Without URL, on a demo network
of its own.
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
# Plotly is loaded when a chart comes near, after the first paint, and does not count.
LAZY = "plotly"
OWN_SCRIPTS = re.compile(r"/static/(ui|charts|signin)\.")

# Most bytes as sent, most milliseconds, largest layout shift.
LIMITS = {"html": 20_000, "script": 8_000, "first": 110_000, "shift": 0.02, "fcp": 2_000, "lcp": 2_000}

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
class Target:
    """A page to measure: its address, or a page and the selector of the link on it to follow.

    `to`: an address with {} for the last part of that link's path; `press`: the button on the page found so far that
    leads to the page, and acts.
    `role` is that of the demo wallet to sign in as. `status` is the expected status of the response, so that an error
    page is not measured instead.
    """

    address: str
    follow: str = ""
    role: str = ""
    to: str = ""
    press: str = ""
    status: int = 200


REVIEW_PLAN = "main a[href^='/plan/review/']"
NODE = "#leaderboard tbody tr:nth-child(2) th a"
TARGETS = (
    Target("/"),
    Target("/top-nodes/"),
    Target("/", NODE),
    Target("/epochs/"),
    Target("/epochs/", "#epochs tbody tr:nth-child(2) th a"),
    Target("/", "#epoch-pill"),
    Target("/how/"),
    Target("/styleguide/"),
    Target("/signin/"),
    Target("/preferences/"),
    Target("/governance/"),
    Target("/governance/", "main a[href^='/disputes/']"),
    Target("/slashes/"),
    Target("/slashes/", "main a[href^='/slashes/']:not([href*='?'])"),
    Target("/proposals/"),
    Target("/proposals/", "main a[href^='/proposals/']:not([href*='new'])"),
    Target("/parameters/"),
    Target("/", NODE, to="/nodes/{}/incidents/"),
    Target("/", NODE, to="/nodes/{}/what-if/?amount=1000&epochs=30"),
    Target("/", NODE, to="/compare/?n={}&amount=1000"),
    Target("/", NODE, to="/epochs/5/proof/{}/"),
    Target("/plan/?amount=1000&risk=15"),
    Target("/plan/?amount=10&risk=15", REVIEW_PLAN, "delegator"),
    Target("/plan/?amount=10&risk=15", REVIEW_PLAN, "delegator", press="form[data-once] .btn-primary"),
    Target("/representatives/", role="delegator"),
    Target("/verify/"),
    Target("/api/v1/docs/"),
    Target("/nowhere/", status=404),
    Target("/portfolio/", role="delegator"),
    Target("/portfolio/", "main a[href*='/statement/']", "delegator"),
    Target("/portfolio/", "main a[href^='/nodes/']", "delegator"),
    Target("/portfolio/", "main a[href*='/money/undelegate/']", "delegator"),
    Target("/money/claim-all/review/", role="delegator"),
    Target("/inbox/", role="delegator"),
    Target("/inbox/settings/", role="delegator"),
    Target("/tokens/", role="delegator"),
    Target("/account/", role="delegator"),
    Target("/orders/", role="delegator"),
    Target("/proposals/new/", role="delegator"),
    Target("/operator/", role="operator"),
    Target("/operator/register/", role="operator"),
    Target("/operator/", "main th a[href^='/operator/0x']", "operator", to="/operator/{}/commitments/"),
)


@dataclass(frozen=True)
class Visit:
    """Figures of one visit with an empty cache: bytes as sent, milliseconds, layout shift."""

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
        exceeded = _measure_all(browser, url)
        browser.close()
    sys.exit(f"{exceeded} figures exceed their limit." if exceeded else None)


@contextmanager
def _site(arguments: list[str]) -> Iterator[str]:
    if arguments:
        yield arguments[0].rstrip("/")
        return
    with demo_network() as url:
        yield url


def _measure_all(browser: Browser, url: str) -> int:
    print(f"{'page':58} {'HTML':>6} {'own JS':>6} {'first':>7} {'shift':>6} {'FCP':>6} {'LCP':>6}")
    exceeded = 0
    for target in TARGETS:
        address, cookies = _resolve(browser, url, target)
        rounds = [_visit(browser, address, cookies, target.status) for _ in range(ROUNDS)]
        figures = {name: median(getattr(one, name) for one in rounds) for name in LIMITS}
        over = [name for name, limit in LIMITS.items() if figures[name] > limit]
        exceeded += len(over)
        print(_line(address.removeprefix(url), figures, over), flush=True)
    return exceeded


def _line(address: str, figures: dict[str, float], over: list[str]) -> str:
    sizes = f"{figures['html']:6.0f} {figures['script']:6.0f} {figures['first']:7.0f}"
    times = f"{figures['shift']:6.3f} {figures['fcp']:6.0f} {figures['lcp']:6.0f}"
    return f"{address[:58]:58} {sizes} {times}" + (f"  over: {', '.join(over)}" if over else "")


def _resolve(browser: Browser, url: str, target: Target) -> tuple[str, list[dict[str, object]]]:
    """The full address of a page, and the cookies of the wallet that may read it."""
    context = browser.new_context()
    page = context.new_page()
    if target.role:
        page.goto(f"{url}/signin/")
        page.locator(f"form[action='/signin/demo/{target.role}/'] button").click()
        page.wait_for_load_state("networkidle")
    address = url + target.address
    if target.follow:
        page.goto(address)
        link = page.locator(target.follow).first.get_attribute("href")
        address = url + (target.to.format(str(link).strip("/").split("/")[-1]) if target.to else str(link))
    if target.press:
        page.goto(address)
        page.locator(target.press).first.click()
        page.wait_for_url(lambda now: now != address)
        address = page.url
    cookies = context.cookies()
    context.close()
    return address, cookies  # type: ignore[return-value]


def _visit(browser: Browser, address: str, cookies: list[dict[str, object]], status: int) -> Visit:
    context = browser.new_context(viewport=PHONE, device_scale_factor=2, is_mobile=True)  # type: ignore[arg-type]
    context.add_cookies(cookies)  # type: ignore[arg-type]
    page = context.new_page()
    page.add_init_script(WATCH)
    sent = _weigh(_slow(context, page))
    response = page.goto(address, wait_until="load")
    if response is None or response.status != status:
        sys.exit(f"{address} responds with {response and response.status}, expected {status}.")
    page.wait_for_function(PAINTED)
    page.wait_for_load_state("networkidle")
    visit = Visit(
        html=sent.get(page.url, 0),
        script=sum(size for name, size in sent.items() if OWN_SCRIPTS.search(name)),
        first=sum(size for name, size in sent.items() if LAZY not in name),
        shift=page.evaluate("window.shift"),
        fcp=page.evaluate(FIRST_PAINT),
        lcp=page.evaluate("window.largest"),
    )
    context.close()
    return visit


def _slow(context: BrowserContext, page: Page) -> CDPSession:
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", LINE)
    session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    return session


def _weigh(session: CDPSession) -> dict[str, int]:
    """Bytes of the response bodies as sent, by address; filled while the page loads."""
    names: dict[str, str] = {}
    heads: dict[str, int] = {}
    sent: dict[str, int] = {}

    def on_response(event: dict[str, Any]) -> None:
        names[event["requestId"]] = event["response"]["url"]
        heads[event["requestId"]] = int(event["response"]["encodedDataLength"])

    def on_finished(event: dict[str, Any]) -> None:
        name = names.get(event["requestId"])
        if name is not None:
            sent[name] = int(event["encodedDataLength"]) - heads[event["requestId"]]

    session.on("Network.responseReceived", on_response)
    session.on("Network.loadingFinished", on_finished)
    return sent


if __name__ == "__main__":
    main()
