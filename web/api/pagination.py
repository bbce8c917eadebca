"""Pages of a list: `{"results": […], "next": url|null}` (interfaces section 3).

All pages of a listing are pages of one version, so that no row is on two of them and none is missing: `next` carries
a cursor. There are three kinds of lists: numbered ones (the cursor is the last row's number), lists in the order of
values that never change (the cursor is the last row's key), and lists that change (the cursor names a snapshot).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any
from urllib.parse import urlencode

from drf_spectacular.utils import OpenApiParameter, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from web.api import snapshots
from web.api.cursors import (
    CURSOR_PATTERN,
    DEFAULT_LIMIT,
    MAX_CURSOR,
    MAX_LIMIT,
    MAX_OFFSET,
    Window,
    whole,
    written,
)
from web.api.snapshots import Snapshot


def page(
    request: Request,
    rows: Sequence[Any],
    *,
    window: Window,
    key: Callable[[Any], Sequence[Any]],
    render: Callable[[Sequence[Any]], Any],
    path: str = "",
) -> Response:
    """A page of a list in an order that does not change; `rows` has one more than the limit when another follows.

    `path`: where the next page is, if not at the request's own.
    """
    shown = rows[: window.limit]
    following = written(key(shown[-1])) if len(rows) > window.limit else None
    url = next_url(request, cursor=following, path=path)
    return Response({"results": render(shown), "next": url})


def snapshot_page(
    request: Request,
    *,
    window: Window,
    keys: Callable[[], Sequence[int]],
    read: Callable[[Sequence[int]], Sequence[Any]],
    render: Callable[[Sequence[Any]], Any],
) -> Response:
    """A page of a list that moves: `keys` returns the ids of all rows in order, `read` the rows of some of them.

    Rows that no longer exist are left out. Raises: `invalid` for a cursor whose snapshot has expired.
    """
    if window.after is None:
        snapshot, start = Snapshot(keys()), window.offset
    else:
        token, start = window.after
        snapshot = snapshots.load(token, lambda: Snapshot(keys()))
    stop = start + window.limit
    rows = read(snapshot.keys[start:stop])
    following = None
    if stop < len(snapshot.keys):
        following = snapshot_url(request, snapshot, stop, offset=stop if window.after is None else None)
    return Response({"results": render(rows), "next": following})


def snapshot_url(request: Request, snapshot: Snapshot, *place: int, offset: int | None) -> str | None:
    """The URL of a place in a snapshot; where it cannot be stored, of the rows behind `offset` others."""
    if snapshot.store() or offset is None:
        return next_url(request, cursor=written((snapshot.token, *place)))
    return next_url(request, offset=str(offset))


def next_url(
    request: Request, *, cursor: str | None = None, offset: str | None = None, path: str = ""
) -> str | None:
    """The request's URL, or that of another path, with this cursor or offset; None without both."""
    place = ("cursor", cursor) if cursor is not None else ("offset", offset)
    if place[1] is None:
        return None
    others = request.query_params.lists()
    query = [(name, value) for name, values in others if name not in ("cursor", "offset") for value in values]
    return request.build_absolute_uri(f"{path or request.path}?{urlencode([*query, place])}")


def cursor(request: Request) -> tuple[int, int | None]:
    """`limit`, and the number after which to continue (None: from the beginning). Raises: `invalid`."""
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
    path: str = "",
) -> Response:
    """A page of a list in the order of its rows' numbers; `rows` has one more than `limit` when another follows."""
    return page(
        request,
        rows,
        window=Window(limit),
        key=lambda row: (number(row),),
        render=lambda shown: [render(row) for row in shown],
        path=path,
    )


def _parameter(name: str, says: str, low: int, high: int, default: int | None = None) -> OpenApiParameter:
    schema = {"type": "integer", "minimum": low, "maximum": high}
    if default is not None:
        schema["default"] = default
    return OpenApiParameter(name, schema, OpenApiParameter.QUERY, description=says)


_NEXT = "Where the previous page ended; take it from `next`."
LIMIT = _parameter("limit", "The number of rows.", 1, MAX_LIMIT, DEFAULT_LIMIT)
PAGE_PARAMETERS = [
    LIMIT,
    OpenApiParameter(
        "cursor",
        {"type": "string", "pattern": CURSOR_PATTERN, "maxLength": 200},
        OpenApiParameter.QUERY,
        description=f"{_NEXT} The pages of one listing are of one version; a cursor of a list that moves is good "
        f"for {snapshots.LIFETIME_SECONDS // 60} minutes.",
    ),
    _parameter("offset", "The number of rows to skip, instead of a cursor.", 0, MAX_OFFSET, 0),
]
CURSOR_PARAMETERS = [LIMIT, _parameter("cursor", _NEXT, 0, MAX_CURSOR)]


@cache
def page_of(row: type[serializers.BaseSerializer[Any]]) -> serializers.BaseSerializer[Any]:
    """The schema of a page of such rows, for `@extend_schema`."""
    name = row.__name__.removesuffix("Serializer") + "Page"
    following = serializers.URLField(allow_null=True, help_text="The next page, null on the last one.")
    return inline_serializer(name, {"results": row(many=True), "next": following})
