"""What an operator may write about a node: its name, its region, its hardware, and that it retires."""

from __future__ import annotations

import re
from collections.abc import Mapping
from math import isfinite
from typing import Any

from protocol.amounts import MAX_AMOUNT
from protocol.errors import Invalid

NAME_LENGTH = 64
REGION_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$"
HARDWARE_NAMES, HARDWARE_NAME_LENGTH, HARDWARE_TEXT_LENGTH = 64, 64, 256

# Control characters, line ends, halves of pairs, and what turns the direction of the text around it.
UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_REGION = re.compile(REGION_PATTERN.strip("^$"))


def check_name(name: object) -> str:
    """A node's name: 1 to 64 printable characters, blanks at its ends cut. Raises: `invalid`."""
    text = name.strip() if isinstance(name, str) else ""
    if not 1 <= len(text) <= NAME_LENGTH or UNPRINTABLE.search(text):
        raise Invalid(f"Give a name of 1 to {NAME_LENGTH} printable characters.", field="name")
    return text


def check_region(region: object) -> str:
    """A region's name, such as eu-west. Raises: `invalid`."""
    if not isinstance(region, str) or _REGION.fullmatch(region) is None:
        raise Invalid(
            "Give a region of up to 32 letters, digits, dots, dashes and underscores, such as eu-west.",
            field="region",
        )
    return region


def check_hardware(hardware: object, *, field: str = "hardware") -> dict[str, Any]:
    """Hardware as named values: texts, numbers of 63 bits, true or false. Raises: `invalid` for the field."""
    if not isinstance(hardware, Mapping) or len(hardware) > HARDWARE_NAMES:
        raise Invalid(f"Give {field} as an object of at most {HARDWARE_NAMES} values.", field=field)
    for name, value in hardware.items():
        if not _is_text(name, HARDWARE_NAME_LENGTH) or not name or not _is_value(value):
            shown = UNPRINTABLE.sub("?", str(name))[:HARDWARE_NAME_LENGTH]
            raise Invalid(
                f"Give each value of {field} as a text of at most {HARDWARE_TEXT_LENGTH} printable characters,"
                f" a number, true or false: {shown} is none.",
                field=field,
            )
    return dict(hardware)


def check_status(status: object) -> str:
    """The one status that an operator sets, `retired`. Raises: `invalid`."""
    if status != "retired":
        raise Invalid("A node's status can only be set to retired.", field="status")
    return "retired"


def _is_text(value: object, longest: int) -> bool:
    return isinstance(value, str) and len(value) <= longest and not UNPRINTABLE.search(value)


def _is_value(value: object) -> bool:
    if isinstance(value, int):  # true and false too
        return abs(value) <= MAX_AMOUNT
    if isinstance(value, float):
        return isfinite(value)
    return _is_text(value, HARDWARE_TEXT_LENGTH)
