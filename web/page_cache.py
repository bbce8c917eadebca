"""Pages kept as finished bytes: rendered once for a version of what they show, handed out until it moves.

Only for readers without a session, so that nothing private is ever kept. The key is the canonical question, so it
is bounded whatever an address says; the oldest page leaves when the shelf is full.
"""

from __future__ import annotations

import gzip
import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Lock

import brotli
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.utils.cache import patch_vary_headers
from django.utils.http import parse_etags
from django.utils.translation import get_language

from web import data_version
from web.preferences import is_usual

SHELF = 512
# Countdowns in the page are right to this many seconds without script; with script to the second.
FRESH_SECONDS = 15
# How long a page may still show what was before a change.
LOOK_SECONDS = 0.5
BROTLI_QUALITY = 5
VARY = ("Cookie", "Accept-Encoding", "Accept-Language", "HX-Request")
# Headers that say what an answer is; all others are made anew for each reader.
NAMING = ("Content-Type", "Content-Disposition")
PERSONAL_COOKIES = (settings.SESSION_COOKIE_NAME, "messages")


@dataclass(frozen=True, slots=True)
class Kept:
    """A finished answer in the two forms in which nearly every reader takes it, and the headers that name it."""

    etag: str
    gzipped: bytes
    brotlied: bytes
    headers: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, body: bytes, headers: tuple[tuple[str, str], ...] = ()) -> Kept:
        digest = hashlib.sha256(body).hexdigest()[:32]
        return cls(
            digest, gzip.compress(body, 6, mtime=0), brotli.compress(body, quality=BROTLI_QUALITY), headers
        )

    def encoded(self, accepted: str) -> tuple[str, bytes]:
        """The smallest form that the reader takes, and its name; "" for the plain one."""
        taken = [part.strip() for part in accepted.lower().split(",")]
        names = {part.split(";")[0] for part in taken if not part.replace(" ", "").endswith("q=0")}
        if "br" in names:
            return "br", self.brotlied
        return ("gzip", self.gzipped) if "gzip" in names else ("", gzip.decompress(self.gzipped))


class Shelf:
    """At most `size` pages, the longest unused one leaves first."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._pages: OrderedDict[Hashable, Kept] = OrderedDict()
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._pages)

    def get(self, key: Hashable) -> Kept | None:
        with self._lock:
            kept = self._pages.get(key)
            if kept is not None:
                self._pages.move_to_end(key)
            return kept

    def put(self, key: Hashable, kept: Kept) -> None:
        with self._lock:
            self._pages[key] = kept
            self._pages.move_to_end(key)
            while len(self._pages) > self.size:
                self._pages.popitem(last=False)

    def clear(self) -> None:
        with self._lock:
            self._pages.clear()


shelf = Shelf(SHELF)


class _Seen:
    """The version as this process last read it, and until when it need not look again."""

    version: tuple[int, int] = (0, 0)
    until: float = 0.0


def version() -> tuple[int, int]:
    """What lists show, as a version; a change is seen within LOOK_SECONDS."""
    now = time.monotonic()
    if now >= _Seen.until:
        _Seen.version = data_version.version()
        _Seen.until = now + LOOK_SECONDS
    return _Seen.version


def forget() -> None:
    """Drop every kept page and look again at once."""
    shelf.clear()
    _Seen.until = 0.0


def is_shared(request: HttpRequest) -> bool:
    """Whether the answer is the same for every reader: no session, no message waits, nothing is changed."""
    personal = any(name in request.COOKIES for name in PERSONAL_COOKIES)
    return request.method in ("GET", "HEAD") and not personal and is_usual(request)


def answer(request: HttpRequest, question: Hashable, render: Callable[[], HttpResponse]) -> HttpResponse:
    """The kept page of `question`, made by `render` when there is none of this version. 304 when the reader has it."""
    moment = int(time.time()) // FRESH_SECONDS * FRESH_SECONDS
    key = (version(), moment, get_language(), question)
    kept = shelf.get(key)
    if kept is None:
        # Every process renders as of the same moment, so that they all make the same bytes and the same ETag.
        request.as_of = datetime.fromtimestamp(moment, UTC)  # type: ignore[attr-defined]
        made = render()
        if made.status_code != 200:
            return made
        kept = Kept.of(made.content, tuple((name, made[name]) for name in NAMING if name in made))
        shelf.put(key, kept)
    return _sent(request, kept)


def private(response: HttpResponse) -> HttpResponse:
    """An answer for one reader: nobody keeps it."""
    if "Cache-Control" not in response:
        response["Cache-Control"] = "private, no-store"
    patch_vary_headers(response, VARY)
    return response


def _sent(request: HttpRequest, kept: Kept) -> HttpResponse:
    encoding, body = kept.encoded(request.headers.get("Accept-Encoding", ""))
    etag = f'"{kept.etag}{"-" + encoding if encoding else ""}"'
    response: HttpResponse
    if etag in parse_etags(request.headers.get("If-None-Match", "")):
        response = HttpResponseNotModified()
    else:
        response = HttpResponse(body, headers=dict(kept.headers))
        if encoding:
            response["Content-Encoding"] = encoding
    response["ETag"] = etag
    response["Cache-Control"] = "no-cache"
    patch_vary_headers(response, VARY)
    return response
