"""JSON bodies, read strictly: a text that two parsers could read differently is refused."""

from __future__ import annotations

import json
import math
import re
import sys
import zlib
from collections.abc import Mapping
from typing import Any, NoReturn

from django.conf import settings
from rest_framework.exceptions import ParseError
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser

from protocol.errors import TooLarge, UnsupportedMediaType

MEDIA_TYPE = "application/json"
DEPTH = 1_000
# In place of a value of a batch's item: no field of an item takes it. A float beyond its range is read as this too.
UNREADABLE = math.inf
_ESCAPED = re.compile(r"\\u(?:0000|[dD][89a-fA-F][0-9a-fA-F]{2})")


class StrictJSONParser(BaseParser):
    """UTF-8 JSON without repeated names, NaN, numbers beyond a float, NUL or half a character; undoes gzip.

    Raises: `invalid`, `too_large` (unpacked too), `unsupported_media_type` for another encoding.
    """

    media_type = MEDIA_TYPE
    by_item = False

    def parse(
        self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        request = (parser_context or {}).get("request")
        encoding = request.headers.get("Content-Encoding", "") if request else ""
        return parse_body(stream.read(), encoding, checks_texts=not self.by_item, by_item=self.by_item)


class BatchParser(StrictJSONParser):
    """The same for a batch whose items are checked one by one: a text, a number or an object with a repeated name
    that cannot be read makes its own item invalid, not the batch.
    """

    by_item = True


def parse_body(raw: bytes, encoding: str, *, checks_texts: bool = True, by_item: bool = False) -> Any:
    """The value of a JSON body, `encoding` being its Content-Encoding; an empty body is an empty object.

    `by_item`: as in `read`.

    Raises: ParseError, `too_large`, `unsupported_media_type`.
    """
    plain = _unpacked(raw, encoding.strip().lower() or "identity")
    return read(plain, checks_texts=checks_texts, by_item=by_item) if plain else {}


def read(raw: bytes, *, checks_texts: bool = True, by_item: bool = False) -> Any:
    """The value of a JSON document. Raises ParseError with what is wrong.

    `by_item`: numbers that are too large and objects with a repeated name are read as UNREADABLE.
    """
    _bound_depth()
    try:
        text = raw.decode("utf-8")
        value = _load_by_item(text) if by_item else _load(text)
        if checks_texts and _ESCAPED.search(text):
            _check_text(value)
    except RecursionError:
        raise ParseError("The body is nested too deeply.") from None
    except ValueError as error:
        raise ParseError(f"The body is not the JSON it should be: {error}.") from None
    return value


def _load(text: str) -> Any:
    return json.loads(text, object_pairs_hook=_once, parse_constant=_refuse, parse_float=_finite)


def _load_by_item(text: str) -> Any:
    # Hooks that replace values take longer, so they run only for a document that has something to replace.
    try:
        return _load(text)
    except json.JSONDecodeError:
        raise
    except ValueError:
        return json.loads(
            text, object_pairs_hook=_once_by_item, parse_constant=_refuse, parse_int=_whole_by_item
        )


def _bound_depth() -> None:
    # Some packages lift Python's limit on import (py_ecc does) to where the C stack ends first: a body nested
    # that deeply would end the process.
    if sys.getrecursionlimit() > DEPTH:
        sys.setrecursionlimit(DEPTH)


def _unpacked(raw: bytes, encoding: str) -> bytes:
    if encoding == "identity":
        return raw
    if encoding != "gzip":
        raise UnsupportedMediaType("Send the body plain or with Content-Encoding: gzip.")
    limit: int = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    unpacker = zlib.decompressobj(wbits=31)
    try:
        plain = unpacker.decompress(raw, limit)
    except zlib.error:
        raise ParseError("The body is not the gzip that it says it is.") from None
    if unpacker.unconsumed_tail:
        raise TooLarge
    if not unpacker.eof:
        raise ParseError("The gzip of the body ends too early.")
    return plain


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a name is given twice in one object")
    return members


def _once_by_item(pairs: list[tuple[str, Any]]) -> Any:
    members = dict(pairs)
    return members if len(members) == len(pairs) else UNREADABLE


def _whole_by_item(text: str) -> Any:
    try:
        return int(text)
    except ValueError:
        return UNREADABLE


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError("a number is too large")
    return value


def _check_text(value: Any) -> None:
    """PostgreSQL cannot hold a NUL, UTF-8 no half of a surrogate pair."""
    if isinstance(value, str):
        if "\0" in value or any("\ud800" <= sign <= "\udfff" for sign in value):
            raise ParseError("A text of the body has a NUL or half a surrogate pair in it.")
    elif isinstance(value, dict):
        for name, inner in value.items():
            _check_text(name)
            _check_text(inner)
    elif isinstance(value, list):
        for inner in value:
            _check_text(inner)


class JSONAlways(BaseContentNegotiation):
    """The API speaks JSON whatever `Accept` says; a parser goes by the body's own type."""

    def select_parser(self, request: Any, parsers: Any) -> Any:
        sent = (request.content_type or "").partition(";")[0].strip().lower()
        return next((parser for parser in parsers if parser.media_type == sent), None)

    def select_renderer(self, request: Any, renderers: Any, format_suffix: Any = None) -> Any:
        return renderers[0], renderers[0].media_type
