"""A log line per request, with a request id that is answered back."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Callable

import structlog
from django.http import HttpRequest, HttpResponse

from identity.origin import origin
from inframind.metrics import PoolWaits

log = structlog.get_logger("inframind.request")

PLAIN_ID = re.compile(r"[A-Za-z0-9_.-]{1,64}")
Handler = Callable[[HttpRequest], HttpResponse]


class RequestLog:
    """Bind a request id to every log line of the request, answer it back, and log the outcome."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response
        self.pool_waits = PoolWaits()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        supplied = request.headers.get("X-Request-ID", "")
        request_id = supplied if PLAIN_ID.fullmatch(supplied) else uuid.uuid4().hex
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        began = time.perf_counter()
        response = self.get_response(request)
        response["X-Request-ID"] = request_id
        self.pool_waits.observe()
        log.info(
            "request",
            method=request.method,
            path=request.path,
            status=response.status_code,
            address=origin(request),
            ms=round(1000 * (time.perf_counter() - began), 1),
        )
        return response
