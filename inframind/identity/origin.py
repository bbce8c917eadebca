"""The address that a request came from, behind as many proxies of our own as there are."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest


def origin(request: HttpRequest) -> str:
    """The caller's address. Only what our own proxies wrote is believed: anybody can send a header."""
    proxies: int = settings.INFRAMIND_PROXIES
    told = [part.strip() for part in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if part.strip()]
    if proxies and told:
        return told[-min(proxies, len(told))]
    return str(request.META.get("REMOTE_ADDR", ""))
