"""Reading what an address asks for: strictly, so that a page has one canonical address and nonsense is a 400."""

from __future__ import annotations

from collections.abc import Collection

from django.core.exceptions import BadRequest
from django.http import QueryDict

MAX_SEARCH = 66
MAX_PAGE = 100_000


def one(query: QueryDict, name: str, allowed: Collection[str]) -> str:
    """A choice among `allowed`, "" when it is not made. Raises: BadRequest for anything else, or said twice."""
    value = single(query, name)
    if value and value not in allowed:
        raise BadRequest(f"{name} is none of its choices")
    return value


def single(query: QueryDict, name: str) -> str:
    """The one value of a name, "" when it is absent. Raises: BadRequest when it is there twice."""
    values = query.getlist(name)
    if len(values) > 1 and len(set(values)) > 1:
        raise BadRequest(f"{name} is given twice")
    return values[0].strip() if values else ""


def search(query: QueryDict, name: str = "q") -> str:
    """Text to look for, of at most MAX_SEARCH characters. Raises: BadRequest when longer or with control characters."""
    text = single(query, name)
    if len(text) > MAX_SEARCH or not text.isprintable():
        raise BadRequest(f"{name} cannot be looked for")
    return text


def page(query: QueryDict, name: str = "page") -> int:
    """A page from 1. Raises: BadRequest for what is no page number."""
    text = single(query, name)
    if not text:
        return 1
    if not (text.isascii() and text.isdigit()) or not 1 <= int(text[:7]) <= MAX_PAGE or len(text) > 6:
        raise BadRequest(f"{name} is no page number")
    return int(text)


def order(query: QueryDict, keys: frozenset[str], default: str, name: str = "sort") -> str:
    """An order, "key" or "-key". Raises: BadRequest for an unknown one."""
    text = single(query, name)
    if not text:
        return default
    if text.removeprefix("-") not in keys:
        raise BadRequest(f"{name} is none of its choices")
    return text


def flag(query: QueryDict, name: str) -> bool:
    return one(query, name, ("1", "0")) == "1"


def word(query: QueryDict, name: str, longest: int) -> str:
    """A name such as a region's. Raises: BadRequest when it is longer than any, or not printable."""
    text = single(query, name)
    if len(text) > longest or not text.isprintable():
        raise BadRequest(f"{name} is none of its choices")
    return text
