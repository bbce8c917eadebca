"""Links that people write. All other texts are checked by `protocol.texts`."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator

from protocol.errors import Invalid
from protocol.texts import check_text

MAX_REASON = 4_000
MAX_LINK = 500

_is_link = URLValidator(schemes=("http", "https"))


def check_link(value: object) -> str:
    """Return an http or https URL, or "". Raises: `invalid`."""
    link = check_text(value, field="link", longest=MAX_LINK, one_line=True)
    if link:
        try:
            _is_link(link)
        except ValidationError:
            raise Invalid(
                "Enter the link as a full address that begins with https://.", field="link"
            ) from None
    return link
