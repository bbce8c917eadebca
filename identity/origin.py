"""The address that a request came from, behind as many proxies of our own as there are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.http import HttpRequest


def origin(request: HttpRequest) -> str:
    """The caller's address. Only headers of our own proxies count: anybody can send one."""
    return origin_in(request.META)


def origin_in(environ: Mapping[str, Any]) -> str:
    """The same from what a WSGI server knows of a request."""
    proxies: int = settings.INFRAMIND_PROXIES
    hops = [part.strip() for part in environ.get("HTTP_X_FORWARDED_FOR", "").split(",") if part.strip()]
    if proxies and hops:
        return hops[-min(proxies, len(hops))]
    return str(environ.get("REMOTE_ADDR", ""))
