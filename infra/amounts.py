"""Amounts as people type and read them; inside they are integers of µIFM, never floats."""

from __future__ import annotations

import re

from infra.refusals import Refused

MICRO = 1_000_000
_AMOUNT = re.compile(r"[0-9]+(\.[0-9]{1,6})?")


def check(typed: str, *, allow_all: bool = False) -> str:
    """The amount as it goes to the API: a decimal of IFM with at most 6 digits behind the point (R2).

    Raises `amount_invalid`; whether the amount is large enough or there at all is for the network to say.
    """
    if allow_all and typed == "all":
        return typed
    if not _AMOUNT.fullmatch(typed):
        otherwise = ', or "all"' if allow_all else ""
        sentence = f"{typed!r} is not an amount: write IFM as 1500 or 0.25, at most 6 decimals{otherwise}."
        raise Refused("amount_invalid", sentence)
    return typed


def micro(amount: str | None) -> int:
    """µIFM of an amount in the API's form (`"1500.000000"`); nothing counts as 0."""
    whole, _, fraction = (amount or "0").partition(".")
    return int(whole) * MICRO + int(fraction.ljust(6, "0"))


def show(amount: str | None) -> str:
    """`"1500.500000"` as `1,500.5`: exact, grouped, without the zeros that say nothing."""
    if amount is None:
        return "–"
    whole, fraction = divmod(micro(amount), MICRO)
    digits = f"{fraction:06d}".rstrip("0")
    return f"{whole:,}.{digits}" if digits else f"{whole:,}"


def show_micro(amount: int) -> str:
    """µIFM as IFM, in the form of `show`."""
    return show(f"{amount // MICRO}.{amount % MICRO:06d}")


def show_or_all(amount: str) -> str:
    """An amount with its unit, or the word `all`."""
    return "all of it" if amount == "all" else f"{show(amount)} IFM"
