"""The page to return to after a form that stands on several pages."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme


def return_page(request: HttpRequest, wanted: str) -> str:
    """The path `wanted` when it is a page of this site, else an empty text."""
    safe = wanted.startswith("/") and url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if safe else ""
