"""Query parameters, parsed strictly: each page has one canonical address, and invalid values are a 400."""

from __future__ import annotations

from collections.abc import Collection
from unicodedata import normalize

from django.core.exceptions import BadRequest
from django.http import QueryDict

MAX_SEARCH = 66
MAX_PAGE = 100_000


def single(query: QueryDict, name: str) -> str:
    """The value of a parameter, "" when absent. Raises: BadRequest for two different values."""
    values = query.getlist(name)
    if len(values) > 1 and len(set(values)) > 1:
        raise BadRequest(f"{name} has two values")
    return values[0].strip() if values else ""


def choice(query: QueryDict, name: str, allowed: Collection[str]) -> str:
    """A value among `allowed`, "" when absent. Raises: BadRequest for anything else."""
    value = single(query, name)
    if value and value not in allowed:
        raise BadRequest(f"{name} is not one of its choices")
    return value


def search(query: QueryDict, name: str = "q") -> str:
    """A search text, composed as names are stored; "" when it is absent.

    Raises: BadRequest when it is longer than MAX_SEARCH characters or has control characters.
    """
    text = normalize("NFC", single(query, name))
    if len(text) > MAX_SEARCH or not text.isprintable():
        raise BadRequest(f"{name} is not a search text")
    return text


def page(query: QueryDict, name: str = "page") -> int:
    """A page number from 1, 1 when absent. Raises: BadRequest."""
    text = single(query, name)
    if not text:
        return 1
    if not (text.isascii() and text.isdigit()) or len(text) > 6 or not 1 <= int(text) <= MAX_PAGE:
        raise BadRequest(f"{name} is not a page number")
    return int(text)


def number(query: QueryDict, name: str) -> int | None:
    """A number from 0 that fits 63 bits, None when absent. Raises: BadRequest."""
    text = single(query, name)
    if not text:
        return None
    if not (text.isascii() and text.isdigit()) or len(text) > 18:
        raise BadRequest(f"{name} is not a number")
    return int(text)


def order(query: QueryDict, keys: frozenset[str], default: str, name: str = "sort") -> str:
    """An order, "key" or "-key" for descending. Raises: BadRequest for an unknown key."""
    text = single(query, name)
    if not text:
        return default
    if text.removeprefix("-") not in keys:
        raise BadRequest(f"{name} is not one of its choices")
    return text


def flag(query: QueryDict, name: str) -> bool:
    """Return True if a parameter is 1. Raises: BadRequest for anything but 0 and 1."""
    return choice(query, name, ("1", "0")) == "1"


def label(query: QueryDict, name: str, longest: int) -> str:
    """A short printable text such as a region's name. Raises: BadRequest."""
    text = single(query, name)
    if len(text) > longest or not text.isprintable():
        raise BadRequest(f"{name} is not one of its choices")
    return text
