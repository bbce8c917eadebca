"""Pages of a list: `{"results": […], "next": url|null}` (interfaces section 3).

Short lists go by `limit` and `offset`, ever-growing ones by `limit` and `cursor`, the number of the last
row that was read, so that a deep page costs what the first one does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import urlencode

from drf_spectacular.utils import OpenApiParameter, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from protocol.errors import Invalid

DEFAULT_LIMIT, MAX_LIMIT = 50, 200
MAX_OFFSET = 10**9
MAX_CURSOR = 2**63 - 1

_PLAIN = re.compile(r"[0-9]{1,19}")


@dataclass(frozen=True, slots=True)
class Window:
    """The rows asked for: `limit` of them after `offset` others."""

    limit: int
    offset: int = 0

    @property
    def stop(self) -> int:
        return self.offset + self.limit


def whole(request: Request, name: str, default: int | None, low: int, high: int) -> int | None:
    """An integer of the query, `default` when it is not given. Raises: `invalid` outside low … high."""
    text = request.query_params.get(name)
    if text is None:
        return default
    if not _PLAIN.fullmatch(text) or not low <= int(text) <= high:
        raise Invalid(f"Give {name} as a whole number from {low} to {high}.", field=name)
    return int(text)


def window(request: Request) -> Window:
    """What `limit` and `offset` ask for. Raises: `invalid`."""
    limit = whole(request, "limit", DEFAULT_LIMIT, 1, MAX_LIMIT)
    offset = whole(request, "offset", 0, 0, MAX_OFFSET)
    assert limit is not None
    assert offset is not None
    return Window(limit, offset)


def page(request: Request, results: Sequence[Any], *, window: Window, count: int) -> Response:
    """One page of a list of `count` rows, of which `results` are those of `window`."""
    following = window.stop if window.stop < count else None
    return Response({"results": results, "next": _next(request, offset=following)})


def cursor(request: Request) -> tuple[int, int | None]:
    """`limit`, and the number after which to go on (None: from the beginning). Raises: `invalid`."""
    limit = whole(request, "limit", DEFAULT_LIMIT, 1, MAX_LIMIT)
    assert limit is not None
    return limit, whole(request, "cursor", None, 0, MAX_CURSOR)


def cursor_page(
    request: Request,
    rows: Sequence[Any],
    *,
    limit: int,
    number: Callable[[Any], int],
    render: Callable[[Any], Any],
) -> Response:
    """One page of a list read by number; `rows` has one more than `limit` when another page follows."""
    kept = rows[:limit]
    following = number(kept[-1]) if len(rows) > limit else None
    return Response({"results": [render(row) for row in kept], "next": _next(request, cursor=following)})


def _next(request: Request, **place: int | None) -> str | None:
    [(name, value)] = place.items()
    if value is None:
        return None
    kept = [(k, v) for k, values in request.query_params.lists() if k != name for v in values]
    return request.build_absolute_uri(f"{request.path}?{urlencode([*kept, (name, value)])}")


def _parameter(name: str, says: str, low: int, high: int, default: int | None = None) -> OpenApiParameter:
    schema = {"type": "integer", "minimum": low, "maximum": high}
    if default is not None:
        schema["default"] = default
    return OpenApiParameter(name, schema, OpenApiParameter.QUERY, description=says)


LIMIT = _parameter("limit", "How many rows.", 1, MAX_LIMIT, DEFAULT_LIMIT)
OFFSET_PARAMETERS = [LIMIT, _parameter("offset", "How many rows to pass over.", 0, MAX_OFFSET, 0)]
CURSOR_PARAMETERS = [
    LIMIT,
    _parameter("cursor", "Where the former page ended; take it from `next`.", 0, MAX_CURSOR),
]


@cache
def page_of(row: type[serializers.BaseSerializer[Any]]) -> serializers.BaseSerializer[Any]:
    """The schema of a page of such rows, for `@extend_schema`."""
    name = row.__name__.removesuffix("Serializer") + "Page"
    following = serializers.URLField(allow_null=True, help_text="The next page, null on the last one.")
    return inline_serializer(name, {"results": row(many=True), "next": following})
