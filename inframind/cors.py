"""Cross-origin requests (CORS): public reads without credentials answer any origin, and nothing else does."""

from __future__ import annotations

import re
from typing import Any

from corsheaders.signals import check_request_enabled
from django.conf import settings
from django.http import HttpRequest

READS = ("GET", "HEAD")
_PUBLIC = re.compile(
    r"/api/v1/(?!me$|oracle/)|/feed\.atom$|/nodes/[^/]+/badge\.svg$|/(?:wallets/[^/]+|governance)/calendar\.ics$"
)


def is_public_read(sender: object, request: HttpRequest, **kwargs: Any) -> bool:
    """True if the request is a public read without credentials, or the preflight of one."""
    method = request.method
    if method == "OPTIONS":
        method = request.headers.get("Access-Control-Request-Method", "")
    has_credentials = "Authorization" in request.headers or settings.SESSION_COOKIE_NAME in request.COOKIES
    return method in READS and not has_credentials and _PUBLIC.match(request.path_info) is not None


def connect() -> None:
    """Make django-cors-headers use `is_public_read` for every request."""
    check_request_enabled.connect(is_public_read, dispatch_uid="inframind.cors")
