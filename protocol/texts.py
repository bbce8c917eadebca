"""Texts that people write: names, regions, titles, reasons, evidence, labels and hardware descriptions.

One rule for all of them, so that two texts that look the same are the same: Unicode NFC, at least one visible
character, and no character that a reader cannot see or that changes how the text around it is shown.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from math import isfinite
from typing import Any, Final
from unicodedata import category, normalize

from protocol.amounts import MAX_AMOUNT
from protocol.errors import Invalid

NAME_LENGTH: Final = 64
REGION_PATTERN: Final = r"^[a-z0-9-]{2,24}$"
HARDWARE_NAMES, HARDWARE_NAME_LENGTH, HARDWARE_TEXT_LENGTH = 64, 64, 256

_CONTROLS: Final = r"\x00-\x1f\x7f-\x9f\u2028\u2029"
# Unicode's Default_Ignorable_Code_Point, which contains every control of the writing direction.
_INVISIBLE: Final = (
    r"\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    r"\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_PRIVATE: Final = r"\ue000-\uf8ff\U000f0000-\U0010ffff"
_SURROGATES: Final = r"\ud800-\udfff"
_NONCHARACTERS: Final = r"\ufdd0-\ufdef" + "".join(
    rf"\U{plane:04x}fffe\U{plane:04x}ffff" for plane in range(17)
)
_FORBIDDEN: Final = re.compile(f"[{_CONTROLS}{_INVISIBLE}{_PRIVATE}{_SURROGATES}{_NONCHARACTERS}]")

# The joiner and the variation selectors are part of how an emoji is written, and of nothing else.
_PICTURE: Final = (
    r"\xa9\xae\u203c\u2049\u2122\u2139\u2190-\u21ff\u2300-\u23ff\u24c2\u25a0-\u27bf\u2934\u2935"
    r"\u2b00-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001faff"
)
_EMOJI_PARTS: Final = re.compile(
    rf"(?<=[{_PICTURE}\ufe0f])\u200d(?=[{_PICTURE}])|(?<=[{_PICTURE}])[\ufe0e\ufe0f]|(?<=[0-9#*])\ufe0f(?=\u20e3)"
)
_LINES: Final = str.maketrans("", "", "\t\n")
# Characters that Unicode classifies as symbols and every font shows blank.
_BLANK: Final = "\u2800\U0001d159"
# Composing shortens a text to no less than a quarter.
_LONGEST_DECOMPOSITION: Final = 4
_REGION: Final = re.compile(REGION_PATTERN)


def check_text(
    value: object, *, field: str, longest: int, required: bool = False, one_line: bool = False
) -> str:
    """Return the text in NFC, without white space at its ends and with `\\n` at line ends.

    `longest` is in characters. Tabs and line ends are refused in a text of one line.
    Raises: `invalid` for the field.
    """
    if not isinstance(value, str):
        raise Invalid(f"Enter the {field} as text.", field=field)
    text = value.strip().replace("\r\n", "\n").replace("\r", "\n")
    if len(text) <= _LONGEST_DECOMPOSITION * longest:
        text = normalize("NFC", text)
    if len(text) > longest:
        raise Invalid(f"Shorten the {field} to {longest} characters or fewer.", field=field)
    hidden = forbidden_character(text if one_line else text.translate(_LINES))
    if hidden is not None:
        raise Invalid(
            f"Remove the character U+{ord(hidden):04X} from the {field}: readers cannot see it.", field=field
        )
    if (text or required) and not has_visible_character(text):
        raise Invalid(f"Enter the {field}: it has no visible character.", field=field)
    return text


def forbidden_character(text: str) -> str | None:
    """The first character that no text may have, tabs and line ends included; None when there is none.

    Forbidden are control, invisible (default-ignorable), bidirectional, private-use and surrogate code points and
    non-characters. The zero-width joiner and variation selectors are allowed inside an emoji.
    """
    hidden = _FORBIDDEN.search(text if text.isascii() else _EMOJI_PARTS.sub("", text))
    return hidden.group() if hidden else None


def has_visible_character(text: str) -> bool:
    """True if the text has a letter, a digit, a punctuation mark or a symbol; combining marks alone are none."""
    return any(category(character)[0] in "LNPS" and character not in _BLANK for character in text)


def check_name(name: object) -> str:
    """A node's name, 1 to 64 characters on one line. Raises: `invalid`."""
    return check_text(name, field="name", longest=NAME_LENGTH, required=True, one_line=True)


def check_region(region: object) -> str:
    """A region's code, such as eu-west. Raises: `invalid`."""
    if not isinstance(region, str) or _REGION.fullmatch(region) is None:
        raise Invalid(
            "Enter a region code of 2 to 24 small letters, digits and dashes, such as eu-west.",
            field="region",
        )
    return region


def check_hardware(hardware: object, *, field: str = "hardware") -> dict[str, Any]:
    """Hardware as named values: texts, numbers of 63 bits, true or false. Raises: `invalid` for the field."""
    if not isinstance(hardware, Mapping) or len(hardware) > HARDWARE_NAMES:
        raise Invalid(f"Enter {field} as an object of at most {HARDWARE_NAMES} values.", field=field)
    values: dict[str, Any] = {}
    for name, value in hardware.items():
        checked = check_text(name, field=field, longest=HARDWARE_NAME_LENGTH, required=True, one_line=True)
        if checked in values:
            raise Invalid(f"Name each value of {field} once: {checked} is there twice.", field=field)
        values[checked] = _check_value(value, checked, field)
    return values


def check_status(status: object) -> str:
    """The one status that an operator sets, `retired`. Raises: `invalid`."""
    if status != "retired":
        raise Invalid("A node's status can only be set to retired.", field="status")
    return "retired"


def _check_value(value: object, name: str, field: str) -> object:
    if isinstance(value, str):
        return check_text(value, field=field, longest=HARDWARE_TEXT_LENGTH, one_line=True)
    if isinstance(value, int) and abs(value) <= MAX_AMOUNT:  # true and false are integers too
        return value
    if isinstance(value, float) and isfinite(value):
        return value
    raise Invalid(f"Enter {name} of {field} as text, a number, true or false.", field=field)
