"""What people write: length and characters that can be kept."""

from __future__ import annotations

import re

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator

from protocol.errors import Invalid
from protocol.texts import UNPRINTABLE

REASON_LONGEST = 4_000
LINK_LONGEST = 500

# Control characters except tabs and line ends, and halves of pairs.
_NO_CHARACTER = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_is_link = URLValidator(schemes=("http", "https"))


def read_text(
    value: object, *, field: str, longest: int, needed: bool = False, one_line: bool = False
) -> str:
    """The text without blanks around it; of one line it takes what a node's name does. Raises: `invalid`."""
    if not isinstance(value, str):
        raise Invalid(f"Give the {field} as text.", field=field)
    text = value.strip()
    if needed and not text:
        raise Invalid(f"Give the {field} in words: it is empty.", field=field)
    if len(text) > longest:
        raise Invalid(f"Shorten the {field}: it may have {longest} characters.", field=field)
    if (UNPRINTABLE if one_line else _NO_CHARACTER).search(text):
        raise Invalid(f"Remove what is no character from the {field}.", field=field)
    return text


def read_link(value: object) -> str:
    """An http or https address, or nothing. Raises: `invalid`."""
    link = read_text(value, field="link", longest=LINK_LONGEST)
    if link:
        try:
            _is_link(link)
        except ValidationError:
            raise Invalid(
                "Give the link as a whole address that begins with https://.", field="link"
            ) from None
    return link
