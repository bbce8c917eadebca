"""Who asks, and the words of query strings that wallets' doors understand."""

from __future__ import annotations

import re
from datetime import date

from rest_framework.request import Request

from delegation.selectors.statement import Period
from staking.protocol.errors import Invalid

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def caller_of(request: Request) -> str:
    """The wallet behind a token or session that may write, canonical."""
    return str(request.user.address)  # type: ignore[union-attr]


def read_day(text: str, name: str) -> date | None:
    """A day as YYYY-MM-DD, None for "". Raises: `invalid`."""
    if not text:
        return None
    try:
        if _DAY.fullmatch(text) is None:
            raise ValueError(text)
        found = date.fromisoformat(text)
        if not 1970 <= found.year <= 9000:
            raise ValueError(text)
    except ValueError:
        raise Invalid(f"Give {name} as a day, for example 2026-11-24.", field=name) from None
    return found


def read_period(first: str, last: str) -> Period:
    """From one day to another, both included; "" is open. Raises: `invalid`."""
    period = Period(read_day(first, "from"), read_day(last, "to"))
    if period.first and period.last and period.first > period.last:
        raise Invalid("Give a last day that is not before the first.", field="to")
    return period


def choice(request: Request, name: str, among: tuple[str, ...], default: str | None = None) -> str | None:
    """One of some words, `default` when it is not given. Raises: `invalid` for any other."""
    text = request.query_params.get(name)
    if text is None:
        return default
    if text not in among:
        raise Invalid(f"Choose {name} among {', '.join(among)}.", field=name)
    return text
