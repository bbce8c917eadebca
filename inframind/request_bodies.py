"""Read request bodies completely before the site handles them, so that a slow client blocks no other request.

A request waits for its body in one of the server's many threads, and only then takes one of the few places in which
the site is at work. Requests that write, and may wait for a lock, never take all of them.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from io import BytesIO
from threading import Lock, Semaphore
from typing import Any

from identity.origin import origin_in
from web.unavailable import BUSY

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
CHUNK_BYTES = 65_536

# Threads of a web process, nearly all of them idle: places to wait for a body.
BODY_THREADS = 256
# Bodies that one address may keep a process waiting for at a time; room is left for the others.
MAX_BODIES_PER_ADDRESS = 128
# Longer than several waits for a lock (database_limits), and below the 60 s of a proxy.
PATIENCE_SECONDS = 25.0
READS = ("GET", "HEAD", "OPTIONS")
# Pages that try an action for their reader, and wait for the locks that it takes.
TRYING = ("/money/", "/plan/review/"), ("/retire/",)
# Read with POST, since the list of nodes is long.
READ_BY_POST = "/api/v1/scheduler/"


class Places:
    """Places at work: `count` for reads and as many for writes, of which all but one may be taken at a time together.

    So a read has a place while every write waits for a lock, and a write while every place for reads is taken.
    """

    def __init__(self, count: int) -> None:
        self.reads, self.writes = Semaphore(count), Semaphore(count)
        self._all = Semaphore(count + 1)

    @contextmanager
    def take(self, *, read: bool) -> Iterator[bool]:
        """Hold a place for a request that reads, or for one that writes; False when none is free within
        PATIENCE_SECONDS."""
        until = time.monotonic() + PATIENCE_SECONDS
        with ExitStack() as places:
            for semaphore in (self.reads if read else self.writes, self._all):
                if not semaphore.acquire(timeout=max(until - time.monotonic(), 0)):
                    break
                places.callback(semaphore.release)
            else:
                yield True
                return
        yield False


class MeasuredBodies:
    """`limit` is in bytes: of a longer body without a length one byte more is read, which the site then refuses as
    too large; one that says how much too long it is is left to it unread. `at_work`: reads, and writes, that the site
    has in hand at a time, and one more of both together. A request that gets no place is marked as BUSY, and the site
    answers 503."""

    def __init__(self, application: Application, limit: int, at_work: int) -> None:
        self.application = application
        self.limit = limit
        self.places = Places(at_work)
        self._arriving: Counter[str] = Counter()
        self._lock = Lock()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        expected = self._expected(environ)
        if expected:
            with self._place(origin_in(environ)) as free:
                if not free:
                    return _refuse(start_response)
                body = self._read(environ["wsgi.input"], expected)
            environ = {**environ, "CONTENT_LENGTH": str(len(body)), "wsgi.input": BytesIO(body)}
        with self.places.take(read=_is_read(environ)) as free:
            return self.application(environ if free else {**environ, BUSY: True}, start_response)

    def _expected(self, environ: dict[str, Any]) -> int:
        """The number of bytes of a body to read, 0 for none."""
        length = environ.get("CONTENT_LENGTH") or ""
        if not length:
            return self.limit + 1 if "chunked" in environ.get("HTTP_TRANSFER_ENCODING", "") else 0
        return int(length) if length.isdecimal() and int(length) <= self.limit else 0

    @contextmanager
    def _place(self, address: str) -> Iterator[bool]:
        with self._lock:
            free = self._arriving[address] < MAX_BODIES_PER_ADDRESS
            self._arriving[address] += 1
        try:
            yield free
        finally:
            with self._lock:
                self._arriving[address] -= 1
                if not self._arriving[address]:
                    del self._arriving[address]

    def _read(self, stream: Any, expected: int) -> bytes:
        body = bytearray()
        while len(body) < expected:
            chunk = stream.read(min(CHUNK_BYTES, expected - len(body)))
            if not chunk:
                break
            body += chunk
        return bytes(body)


def _is_read(environ: dict[str, Any]) -> bool:
    path = environ.get("PATH_INFO", "")
    if environ.get("REQUEST_METHOD", "GET") not in READS:
        return path.startswith(READ_BY_POST)
    beginnings, ends = TRYING
    return not path.startswith(beginnings) and not path.endswith(ends)


def _refuse(start_response: Callable[..., Any]) -> Iterable[bytes]:
    problem = {
        "type": "about:blank",
        "title": "Service unavailable",
        "status": 503,
        "code": "unavailable",
        "detail": "Too many requests from here are still being sent; nothing was changed. Try again in a moment.",
    }
    start_response(
        "503 Service Unavailable",
        [("Content-Type", "application/problem+json"), ("Retry-After", "5"), ("Connection", "close")],
    )
    return [json.dumps(problem).encode()]
