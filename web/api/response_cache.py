"""Cached bytes of public reads in front of DRF, with an ETag, until their data change."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from functools import cached_property, wraps
from hashlib import blake2b
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotModified
from django.utils.http import parse_etags
from rest_framework.response import Response

from web.versioned_cache import VersionedCache

View = Callable[..., HttpResponseBase]

GZIP_LEVEL, MIN_ZIPPED_BYTES = 6, 200


class Answer:
    """A successful answer's body, plain and (after the first request for it) gzipped, and its ETag."""

    def __init__(self, body: bytes) -> None:
        self.body = body
        self.etag = f'"{blake2b(body, digest_size=12).hexdigest()}"'

    @cached_property
    def gzipped(self) -> bytes:
        return gzip.compress(self.body, GZIP_LEVEL, mtime=0)


class _NotCached(Exception):
    """An answer that is not cached: a refusal or a failure."""

    def __init__(self, response: HttpResponseBase) -> None:
        self.response = response


def cached(view: Any, *, names: frozenset[str], most: int) -> View:
    """`view` with its answers to GET cached by host and query, `most` of them.

    A request with a token goes to the view itself, which checks permissions and limits. A query with
    other parameters than `names` is not cached, so that nobody can fill the cache with meaningless queries.
    """
    answers: VersionedCache[Answer] = VersionedCache(most)

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method != "GET" or "HTTP_AUTHORIZATION" in request.META:
            return view(request, *args, **kwargs)
        # The raw query string: parsing it would cost more than the rest of the request.
        key = (request.scheme, request.get_host(), request.META["QUERY_STRING"])
        try:
            content = answers.get(key, lambda: _make(view, request, names))
        except _NotCached as other:
            return other.response
        return _respond(request, content)

    return answer


def _make(view: View, request: HttpRequest, names: frozenset[str]) -> Answer:
    response = view(request)
    if response.status_code != 200 or request.GET.keys() - names:
        raise _NotCached(response)
    if isinstance(response, Response):
        response.render()
    return Answer(bytes(response.content))  # type: ignore[attr-defined]


def _respond(request: HttpRequest, answer: Answer) -> HttpResponse:
    zipped = len(answer.body) >= MIN_ZIPPED_BYTES and "gzip" in request.META.get("HTTP_ACCEPT_ENCODING", "")
    # The same content in another encoding is another representation: its tag is a weak one.
    etag = "W/" + answer.etag if zipped else answer.etag
    if _is_known(request, answer):
        response: HttpResponse = HttpResponseNotModified()
    else:
        body = answer.gzipped if zipped else answer.body
        response = HttpResponse(body, content_type="application/json")
        if zipped:
            response.headers["Content-Encoding"] = "gzip"
    response.headers["ETag"] = etag
    response.headers["Cache-Control"] = "no-cache"
    response.headers["Vary"] = "Accept-Encoding"
    return response


def _is_known(request: HttpRequest, answer: Answer) -> bool:
    wanted = request.META.get("HTTP_IF_NONE_MATCH")
    if not wanted:
        return False
    return wanted == "*" or answer.etag in {tag.removeprefix("W/") for tag in parse_etags(wanted)}
