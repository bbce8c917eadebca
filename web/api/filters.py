"""Query parameters, read strictly: an impossible value is a 400, not an empty list."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rest_framework.request import Request

from protocol.addresses import normalize
from protocol.amounts import parse_amount
from protocol.errors import AddressInvalid, AmountInvalid, Invalid
from protocol.texts import check_region, check_text
from web.api.cursors import whole

LONGEST_SEARCH = 64
LAST_EPOCH = 2**31 - 1

_WORD = re.compile(r"[a-z_]{1,32}")


def choice(request: Request, name: str, among: Sequence[str]) -> str | None:
    """One of these values; None when the parameter is missing. Raises: `invalid`."""
    text = request.query_params.get(name)
    if text is not None and text not in among:
        raise Invalid(f"Choose {name} among {', '.join(among)}.", field=name)
    return text


def flag(request: Request, name: str) -> bool:
    """True or false in any letter case, as clients write it; false when it is not given. Raises: `invalid`."""
    text = request.query_params.get(name, "false").lower()
    if text not in ("true", "false"):
        raise Invalid(f"Give {name} as true or false.", field=name)
    return text == "true"


def word(request: Request, name: str) -> str | None:
    """A word of small letters, such as a kind. Raises: `invalid`."""
    text = request.query_params.get(name)
    if text is not None and not _WORD.fullmatch(text):
        raise Invalid(f"Give {name} as one word of small letters.", field=name)
    return text


def epoch(request: Request, name: str = "epoch") -> int | None:
    """An epoch's number. Raises: `invalid`."""
    return whole(request, name, None, 1, LAST_EPOCH)


def region(request: Request) -> str | None:
    """A region's name. Raises: `invalid`."""
    text = request.query_params.get("region")
    return None if text is None else check_region(text)


def address(request: Request, name: str) -> str | None:
    """An address in canonical form. Raises: `address_invalid`."""
    text = request.query_params.get(name)
    if text is None:
        return None
    try:
        return normalize(text)
    except AddressInvalid as error:
        raise AddressInvalid(error.detail, field=name) from None


def amount(request: Request, name: str) -> int | None:
    """An amount of IFM as µIFM (R2). Raises: `amount_invalid`."""
    text = request.query_params.get(name)
    if text is None:
        return None
    try:
        return parse_amount(text)
    except AmountInvalid as error:
        raise AmountInvalid(error.detail, field=name) from None


def search(request: Request) -> str:
    """The text to search for, in the form in which names are stored; "" when it is not given. Raises: `invalid`."""
    text = request.query_params.get("search", "")
    return check_text(text, field="search", longest=LONGEST_SEARCH, one_line=True)
