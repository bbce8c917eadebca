"""503 answers: the database does not answer, or a lock was not free in time."""

from __future__ import annotations

from collections.abc import Callable

import structlog
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from psycopg.errors import LockNotAvailable

from web.theme import theme_of

log = structlog.get_logger("inframind.request")

RETRY_AFTER_SECONDS = 5
AWAY = "The database does not answer right now; nothing was changed. Try again in a moment."
# It may have gone after it committed and before it said so, or while the answer was read.
UNSURE = (
    "The database does not answer right now, and whether this was done is not known. "
    "Look before you repeat it; under the same Idempotency-Key it is done once."
)
WAITED = "Something else is being written, an epoch's settlement perhaps; nothing was changed. Try again in a moment."
Handler = Callable[[HttpRequest], HttpResponse]


class Unavailable:
    """A database that is away, or a pool that is used up, is a 503 to try again, not a crash."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, (OperationalError, InterfaceError)):
            return None
        log.error("database_away", path=request.path, error=str(exception).strip())
        return unavailable(request, exception)


def unavailable(request: HttpRequest, cause: Exception | None = None) -> HttpResponse:
    """503: the database is away, or, when a lock was waited for in vain, something else is being written."""
    waited = isinstance(getattr(cause, "__cause__", None), LockNotAvailable)
    away = AWAY if request.method in ("GET", "HEAD") else UNSURE
    if request.path.startswith("/api/"):
        problem = {"type": "about:blank", "title": "Service unavailable", "status": 503}
        response: HttpResponse = JsonResponse(
            {**problem, "code": "unavailable", "detail": WAITED if waited else away},
            status=503,
            content_type="application/problem+json",
        )
    else:
        response = HttpResponse(_page(request, waited), status=503)
    response["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return response


def _page(request: HttpRequest, waited: bool) -> str:
    """Made without the request's context, which would ask the database."""
    again = request.get_full_path() if request.method in ("GET", "HEAD") else ""
    return render_to_string("503.html", {"waited": waited, "again": again, "theme": theme_of(request)})
