"""Clients that send requests without a pause; the duration of each request is measured."""

from __future__ import annotations

import itertools
import multiprocessing
import socket
import time
from statistics import median
from typing import NamedTuple

from bench.site import CLIENTS, HOST


class Timed(NamedTuple):
    """Answers a second to all clients together, and the 99th percentile of their durations in ms."""

    rate: float
    p99_ms: float


def ask(port: int, path: str, seconds: float, *, encoding: str = "identity") -> Timed:
    """Request a path repeatedly; "{n}" in it is replaced by six digits that differ each time."""
    with multiprocessing.get_context("fork").Pool(CLIENTS) as pool:
        results = pool.starmap(_ask, [(port, path, encoding, seconds, client) for client in range(CLIENTS)])
    times = sorted(taken for one in results for taken in one)
    return Timed(len(times) / seconds, 1000 * times[len(times) * 99 // 100])


def ratio(ours: list[Timed], floor: list[Timed]) -> float:
    """The median over the rounds of our rate to the floor's."""
    return median(one.rate / base.rate for one, base in zip(ours, floor, strict=True))


def slower(ours: list[Timed], floor: list[Timed]) -> float:
    """The median over the rounds of our 99th percentile to the floor's."""
    return median(one.p99_ms / base.p99_ms for one, base in zip(ours, floor, strict=True))


def _ask(port: int, path: str, encoding: str, seconds: float, client: int) -> list[float]:
    times: list[float] = []
    numbers = itertools.count(time.monotonic_ns() // 1_000_000 + client * 1_000_000 // CLIENTS)
    with socket.create_connection((HOST, port)) as connection, connection.makefile("rb") as answers:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            target = path.replace("{n}", f"{next(numbers) % 1_000_000:06}")
            head = f"GET {target} HTTP/1.1\r\nHost: {HOST}\r\nAccept-Encoding: {encoding}\r\n\r\n"
            request = head.encode()
            began = time.perf_counter()
            connection.sendall(request)
            _take(answers)
            times.append(time.perf_counter() - began)
    return times


def _take(answers: object) -> None:
    head = answers.readline()  # type: ignore[attr-defined]
    assert head[9:12] == b"200", head
    length = 0
    while (line := answers.readline().lower()) != b"\r\n":  # type: ignore[attr-defined]
        if line.startswith(b"content-length:"):
            length = int(line[15:])
    answers.read(length)  # type: ignore[attr-defined]
