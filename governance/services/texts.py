"""Links that people write. All other texts are checked by `protocol.texts`."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator

from protocol.errors import Invalid
from protocol.texts import check_text

REASON_LONGEST = 4_000
LINK_LONGEST = 500

_is_link = URLValidator(schemes=("http", "https"))


def check_link(value: object) -> str:
    """An http or https address, or "". Raises: `invalid`."""
    link = check_text(value, field="link", longest=LINK_LONGEST, one_line=True)
    if link:
        try:
            _is_link(link)
        except ValidationError:
            raise Invalid(
                "Enter the link as a full address that begins with https://.", field="link"
            ) from None
    return link
