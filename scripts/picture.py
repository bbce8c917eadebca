"""Takes docs/leaderboard.png anew: a demo network of its own, the leaderboard in the system's Chromium."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[1]
PICTURE = ROOT / "docs" / "leaderboard.png"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
SIZE = {"width": 1440, "height": 900}


def main() -> None:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        sys.exit("Chromium is needed: apt-get install chromium")
    with demo_network() as url:
        _photograph(chromium, url)
    print(PICTURE.relative_to(ROOT))


@contextmanager
def demo_network() -> Iterator[str]:
    """A demo network of its own under `.data/picture`, up for the block; its address."""
    port = _free_port()
    environment = {**os.environ, "INFRAMIND_DATA_DIR": str(ROOT / ".data" / "picture"), "PORT": str(port)}
    command = [sys.executable, "-m", "inframind.supervisor"]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as site:
        try:
            _wait_until_up(site)
            yield f"http://127.0.0.1:{port}"
        finally:
            site.terminate()


def _wait_until_up(site: subprocess.Popen[str]) -> None:
    assert site.stdout is not None
    for line in site.stdout:
        print(line, end="", flush=True)
        if line.startswith("The site is at"):
            return
    sys.exit("The site did not start.")


def _photograph(chromium: str, url: str) -> None:
    PICTURE.parent.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        page = browser.new_page(viewport=SIZE, color_scheme="light")
        page.goto(url, wait_until="networkidle")
        page.screenshot(path=PICTURE)
        browser.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    main()
