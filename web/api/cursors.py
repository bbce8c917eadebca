"""Windows of a list: what `limit`, `cursor` and `offset` of a query ask for, and how a cursor is written."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from rest_framework.request import Request

from protocol.errors import Invalid
from web.api import snapshots

DEFAULT_LIMIT, MAX_LIMIT = 50, 200
MAX_OFFSET = 10**9
MAX_CURSOR = 2**63 - 1

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PLAIN = re.compile(r"[0-9]{1,19}")
CURSOR_PATTERN = "^[0-9A-Za-z_-]+(\\.[0-9A-Za-z_-]+)*$"

Part = Callable[[str], Any]


@dataclass(frozen=True, slots=True)
class Window:
    """The requested rows: `limit` of them after the row with the key `after`, or after `offset` others."""

    limit: int
    offset: int = 0
    after: tuple[Any, ...] | None = None

    @property
    def stop(self) -> int:
        return self.offset + self.limit


def whole(request: Request, name: str, default: int | None, low: int, high: int) -> int | None:
    """An integer of the query, `default` when it is absent. Raises: `invalid` outside low … high."""
    text = request.query_params.get(name)
    if text is None:
        return default
    if not _PLAIN.fullmatch(text) or not low <= int(text) <= high:
        raise Invalid(f"Enter {name} as a whole number from {low} to {high}.", field=name)
    return int(text)


# Parts of a cursor. Each raises ValueError for text that is no such part.


def number_part(text: str) -> int:
    if not _PLAIN.fullmatch(text) or int(text) > MAX_CURSOR:
        raise ValueError("not a number")
    return int(text)


def moment_part(text: str) -> datetime:
    """A time that was written as microseconds since 1970."""
    return _EPOCH + timedelta(microseconds=number_part(text))


def pattern_part(pattern: str) -> Part:
    """A text of this form."""
    form = re.compile(pattern)

    def parse(text: str) -> str:
        if form.fullmatch(text) is None:
            raise ValueError("not of this form")
        return text

    return parse


address_part = pattern_part("0x[0-9a-f]{40}")
SNAPSHOT_PARTS = (pattern_part(snapshots.TOKEN_PATTERN), number_part)


def window(request: Request, *parts: Part) -> Window:
    """The window that `limit` and `cursor` or `offset` name; `parts` read the key in a cursor. Raises: `invalid`."""
    limit = whole(request, "limit", DEFAULT_LIMIT, 1, MAX_LIMIT)
    offset = whole(request, "offset", None, 0, MAX_OFFSET)
    after = _key_of(request.query_params.get("cursor"), parts)
    assert limit is not None
    if after is not None and offset is not None:
        raise Invalid("Send a cursor or an offset, not both.", field="offset")
    return Window(limit, offset or 0, after)


def _key_of(cursor: str | None, parts: Sequence[Part]) -> tuple[Any, ...] | None:
    if cursor is None:
        return None
    texts = cursor.split(".")
    try:
        if len(texts) == len(parts):
            return tuple(parse(text) for parse, text in zip(parts, texts, strict=True))
    except (ValueError, OverflowError):
        pass
    raise Invalid("Take the cursor from the `next` of this list.", field="cursor")


def written(key: Sequence[Any]) -> str:
    """A key as a cursor."""
    return ".".join(_written(part) for part in key)


def _written(part: Any) -> str:
    return str((part - _EPOCH) // timedelta(microseconds=1)) if isinstance(part, datetime) else str(part)
