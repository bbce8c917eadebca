"""Page cache: finished pages of readers without a session, rendered once for each version of the data.

Nothing private is stored. The cache key is the parsed query, so the number of entries does not depend on what
people write into an address; the least recently used entry is dropped when the cache is full.
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

from web.data_version import RecentVersion, Version
from web.preferences import is_usual

MAX_PAGES = 512
# Pages are rendered as of a multiple of this: without script a countdown can be wrong by as much.
FRESH_SECONDS = 15
# How long a page may be served after its data changed.
VERSION_SECONDS = 0.5
BROTLI_QUALITY = 5
VARY = ("Cookie", "Accept-Encoding", "Accept-Language", "HX-Request")
# Headers stored with a page; all others are set anew for each response.
STORED_HEADERS = ("Content-Type", "Content-Disposition")
PERSONAL_COOKIES = (settings.SESSION_COOKIE_NAME, "messages")


@dataclass(frozen=True, slots=True)
class CachedPage:
    """The body of a page in the two encodings that nearly every browser accepts, and its stored headers."""

    etag: str
    gzipped: bytes
    brotlied: bytes
    headers: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, body: bytes, headers: tuple[tuple[str, str], ...] = ()) -> CachedPage:
        digest = hashlib.sha256(body).hexdigest()[:32]
        return cls(
            digest, gzip.compress(body, 6, mtime=0), brotli.compress(body, quality=BROTLI_QUALITY), headers
        )

    def encoded(self, accepted: str) -> tuple[str, bytes]:
        """The smallest encoding that the browser accepts, and the body in it; "" is the plain body."""
        parts = [part.strip() for part in accepted.lower().split(",")]
        names = {part.split(";")[0] for part in parts if not part.replace(" ", "").endswith("q=0")}
        if "br" in names:
            return "br", self.brotlied
        return ("gzip", self.gzipped) if "gzip" in names else ("", gzip.decompress(self.gzipped))


class PageCache:
    """At most `size` pages; the least recently used one is dropped first."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._pages: OrderedDict[Hashable, CachedPage] = OrderedDict()
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._pages)

    def get(self, key: Hashable) -> CachedPage | None:
        with self._lock:
            page = self._pages.get(key)
            if page is not None:
                self._pages.move_to_end(key)
            return page

    def put(self, key: Hashable, page: CachedPage) -> None:
        with self._lock:
            self._pages[key] = page
            self._pages.move_to_end(key)
            while len(self._pages) > self.size:
                self._pages.popitem(last=False)

    def clear(self) -> None:
        with self._lock:
            self._pages.clear()


pages = PageCache(MAX_PAGES)


recent = RecentVersion()


def version() -> Version:
    """The version of the data that lists show; a change is seen within VERSION_SECONDS."""
    return recent.get(VERSION_SECONDS)


def clear() -> None:
    """Drop all pages and read the data version again with the next request."""
    pages.clear()
    recent.expire()


def is_shared(request: HttpRequest) -> bool:
    """True if every reader gets the same response: no session, no pending message, a read."""
    personal = any(name in request.COOKIES for name in PERSONAL_COOKIES)
    return request.method in ("GET", "HEAD") and not personal and is_usual(request)


def respond(
    request: HttpRequest, key: Hashable, render: Callable[[], HttpResponse], *, query: str
) -> HttpResponse:
    """The cached page of `key`, else the one that `render` makes now. 304 when the browser has it already.

    `query`: the canonical query of the page, "?a=b" or "", which is in its links to sign in.
    """
    moment = int(time.time()) // FRESH_SECONDS * FRESH_SECONDS
    full_key = (version(), moment, get_language(), key)
    page = pages.get(full_key)
    if page is None:
        # All processes render as of the same moment, so that they produce the same bytes and the same ETag.
        request.as_of = datetime.fromtimestamp(moment, UTC)  # type: ignore[attr-defined]
        request.return_to = request.path + query  # type: ignore[attr-defined]
        response = render()
        if response.status_code != 200:
            return response
        headers = tuple((name, response[name]) for name in STORED_HEADERS if name in response)
        page = CachedPage.of(response.content, headers)
        pages.put(full_key, page)
    return _response(request, page)


def private(response: HttpResponse) -> HttpResponse:
    """Mark a response as one reader's own: nobody may store it."""
    if "Cache-Control" not in response:
        response["Cache-Control"] = "private, no-store"
    patch_vary_headers(response, VARY)
    return response


def _response(request: HttpRequest, page: CachedPage) -> HttpResponse:
    encoding, body = page.encoded(request.headers.get("Accept-Encoding", ""))
    etag = f'"{page.etag}{"-" + encoding if encoding else ""}"'
    response: HttpResponse
    if etag in parse_etags(request.headers.get("If-None-Match", "")):
        response = HttpResponseNotModified()
    else:
        response = HttpResponse(body, headers=dict(page.headers))
        if encoding:
            response["Content-Encoding"] = encoding
    response["ETag"] = etag
    response["Cache-Control"] = "no-cache"
    patch_vary_headers(response, VARY)
    return response
