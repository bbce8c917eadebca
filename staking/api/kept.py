"""Public reads kept as bytes in front of DRF, with an ETag, until what they show has moved."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from hashlib import blake2b
from typing import Any, NamedTuple

from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotModified
from django.utils.http import parse_etags
from rest_framework.response import Response

from staking.selectors.kept import Kept

View = Callable[..., HttpResponseBase]


class Answer(NamedTuple):
    """A successful answer's body and its strong ETag."""

    body: bytes
    etag: str


class _Unkept(Exception):
    """An answer that is not one to keep: a refusal, or a failure."""

    def __init__(self, response: HttpResponseBase) -> None:
        self.response = response


def kept(view: Any, *, names: frozenset[str], most: int) -> View:
    """`view` with its answers to GET kept by host and query, `most` of them.

    What carries a token, or asks for more than `names`, goes to the view itself: it knows about rights and
    limits, and nobody can fill the store with queries that mean nothing.
    """
    answers: Kept[Answer] = Kept(most)

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method != "GET" or "HTTP_AUTHORIZATION" in request.META or request.GET.keys() - names:
            return view(request, *args, **kwargs)
        asked = tuple(sorted((name, *values) for name, values in request.GET.lists()))
        try:
            found = answers.get((request.scheme, request.get_host(), asked), lambda: _make(view, request))
        except _Unkept as other:
            return other.response
        return _respond(request, found)

    return answer


def _make(view: View, request: HttpRequest) -> Answer:
    response = view(request)
    if response.status_code != 200:
        raise _Unkept(response)
    if isinstance(response, Response):
        response.render()
    body = bytes(response.content)  # type: ignore[attr-defined]
    return Answer(body, f'"{blake2b(body, digest_size=12).hexdigest()}"')


def _respond(request: HttpRequest, answer: Answer) -> HttpResponse:
    wanted = request.META.get("HTTP_IF_NONE_MATCH")
    if wanted and (wanted == "*" or answer.etag in {tag.removeprefix("W/") for tag in parse_etags(wanted)}):
        response: HttpResponse = HttpResponseNotModified()
    else:
        response = HttpResponse(answer.body, content_type="application/json")
    response.headers["ETag"] = answer.etag
    response.headers["Cache-Control"] = "no-cache"
    return response
