"""Token amounts: integers of µIFM inside, decimal strings of IFM outside (R1, R2)."""

from __future__ import annotations

import re

from protocol.errors import AmountInvalid

MICRO = 1_000_000
BPS = 10_000
MAX_AMOUNT = 2**63 - 1

# The largest amount has 20 characters; more are leading zeros.
_LONGEST = 32
_AMOUNT = re.compile(r"([0-9]+)(?:\.([0-9]{1,6}))?")


def parse_amount(text: str) -> int:
    """Read a decimal string of IFM as µIFM, exactly (R2); nothing is rounded.

    Raises AmountInvalid for signs, exponents, grouping, spaces, digits of other scripts, an empty
    string, more than six fractional digits, more than 63 bits, or anything that is not a string.
    """
    if not isinstance(text, str) or len(text) > _LONGEST:
        raise AmountInvalid
    match = _AMOUNT.fullmatch(text)
    if match is None:
        raise AmountInvalid
    whole, fraction = match.groups(default="")
    amount = int(whole) * MICRO + int(fraction.ljust(6, "0"))
    if amount > MAX_AMOUNT:
        raise AmountInvalid("Enter a smaller amount: at most 9223372036854.775807 IFM can be written.")
    return amount


def format_amount(amount: int) -> str:
    """Write µIFM as IFM with six fractional digits ("1500.000000"); negative ones get a minus sign."""
    whole, fraction = divmod(abs(amount), MICRO)
    return f"{'-' if amount < 0 else ''}{whole}.{fraction:06d}"
