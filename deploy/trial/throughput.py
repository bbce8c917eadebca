"""Reads and receipts a second with the web server of one host and with those of two."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from queue import Empty, SimpleQueue
from typing import Any

from deploy.trial.report import figure, require
from deploy.trial.servers import HOST
from deploy.trial.site import Network
from deploy.trial.traffic import Named, Oracle, Reader, Site

READERS, READS = 8, 3_000
SENDERS, BATCHES, SIZE = 4, 40, 500
RECEIPTS = "/api/v1/oracle/receipts"


def measure(network: Network, oracle: Oracle) -> None:
    """Print both rates for one web server and for two. There must be no other traffic."""
    web = network.services(1)[0]
    network.hosts[1].stop(web)
    _measure("one web host", network, oracle)
    network.hosts[1].start(web)
    network.wait_ready(1)
    _measure("two web hosts", network, oracle)


def _measure(title: str, network: Network, oracle: Oracle) -> None:
    site = network.client()
    _reads(site, READS // 10)
    reads = READS / _reads(site, READS)
    batches = [oracle.batch(SIZE) for _ in range(BATCHES)]
    receipts = SIZE * BATCHES / _sends(oracle.site, batches)
    for batch in batches:
        oracle.acknowledged += batch
    figure(f"{title}: {reads:,.0f} reads and {receipts:,.0f} receipts a second")


def _reads(site: Site, number: int) -> float:
    paths = [Reader.paths[n % len(Reader.paths)] for n in range(number)]
    return _work(READERS, paths, lambda connection, path: _call(connection, "GET", path), site)


def _sends(site: Site, batches: list[list[dict[str, Any]]]) -> float:
    bodies = [json.dumps({"receipts": batch}) for batch in batches]
    headers = {"Authorization": f"Bearer {site.token}", "Content-Type": "application/json"}

    def send(connection: Named, body: str) -> None:
        answer = json.loads(_call(connection, "POST", RECEIPTS, body, headers))
        require(answer["accepted"] == SIZE, f"{answer['accepted']} of {SIZE} receipts were accepted")

    return _work(SENDERS, bodies, send, site)


def _call(
    connection: Named, method: str, path: str, body: str | None = None, headers: dict[str, str] | None = None
) -> bytes:
    connection.request(method, path, body, {"Host": HOST, **(headers or {})})
    answer = connection.getresponse()
    text = answer.read()
    require(answer.status == 200, f"{method} {path}: {answer.status} {text[:200]!r}")
    return text


def _work(threads: int, items: list[str], call: Callable[[Named, str], object], site: Site) -> float:
    """Seconds until so many threads, each with a connection and an address of its own, have worked all items off."""
    waiting: SimpleQueue[str] = SimpleQueue()
    for item in items:
        waiting.put(item)

    def run(number: int) -> None:
        # Rate limits count by address.
        own = (f"127.0.0.{number + 2}", 0)
        connection = Named("127.0.0.1", site.port, timeout=60, context=site.trust, source_address=own)
        with suppress(Empty), closing(connection):
            while True:
                call(connection, waiting.get_nowait())

    began = time.monotonic()
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(run, range(threads)))
    return time.monotonic() - began
