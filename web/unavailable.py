"""503 answers: the database does not answer, a lock was not free in time, or the site has too much in hand."""

from __future__ import annotations

from collections.abc import Callable

import structlog
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from psycopg.errors import IdleInTransactionSessionTimeout, LockNotAvailable

from postgres.clock import ClockSkew
from web.theme import theme_of

log = structlog.get_logger("inframind.request")

RETRY_AFTER_SECONDS = 5
# In the WSGI environment of a request that got no place at work (inframind/request_bodies.py).
BUSY = "inframind.busy"
AWAY = "The database does not answer right now; nothing was changed. Try again in a moment."
# The database may have committed before it became unreachable.
UNSURE = (
    "The database does not answer right now, and whether this was done is not known. "
    "Look before you repeat it; under the same Idempotency-Key it is done once."
)
WAITED = "Something else is being written, an epoch's settlement perhaps; nothing was changed. Try again in a moment."
CLOCK = (
    "The clock of this server is wrong, so nothing is written; nothing was changed. Try again in a moment."
)
TOO_MUCH = "This server has as many requests in hand as it can; nothing was changed. Try again in a moment."
Handler = Callable[[HttpRequest], HttpResponse]


class Unavailable:
    """503 for a database that is away, a pool that is used up, a lock that was not free and a wrong clock."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, ClockSkew):
            log.critical("clock_skew", path=request.path, error=str(exception))
        elif is_away(exception):
            log.error("database_away", path=request.path, error=str(exception).strip())
        else:
            return None
        return unavailable(request, exception)


class Busy:
    """503 for a request that got no place at work, before anything reads the database."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if BUSY not in request.META:
            return self.get_response(request)
        log.warning("busy", path=request.path)
        return _answer(request, "busy")


def is_away(exception: BaseException) -> bool:
    """True if the database was away, or ended the session because its transaction was idle for too long."""
    idle = isinstance(exception.__cause__, IdleInTransactionSessionTimeout)
    return isinstance(exception, (OperationalError, InterfaceError)) or idle


def unavailable(request: HttpRequest, cause: Exception | None = None) -> HttpResponse:
    """503 with Retry-After, as a problem under /api/ and as a page elsewhere."""
    return _answer(request, _reason(cause))


def _answer(request: HttpRequest, reason: str) -> HttpResponse:
    if request.path.startswith("/api/"):
        response: HttpResponse = problem(_detail(request, reason))
    else:
        response = HttpResponse(_page(request, reason), status=503)
    response["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return response


def problem(detail: str) -> JsonResponse:
    """The problem `unavailable`, without Retry-After."""
    body = {"type": "about:blank", "title": "Service unavailable", "status": 503, "code": "unavailable"}
    return JsonResponse({**body, "detail": detail}, status=503, content_type="application/problem+json")


def _reason(cause: Exception | None) -> str:
    if isinstance(cause, ClockSkew):
        return "clock"
    return "locked" if isinstance(getattr(cause, "__cause__", None), LockNotAvailable) else "away"


def _detail(request: HttpRequest, reason: str) -> str:
    away = AWAY if request.method in ("GET", "HEAD") else UNSURE
    return {"clock": CLOCK, "locked": WAITED, "busy": TOO_MUCH}.get(reason, away)


def _page(request: HttpRequest, reason: str) -> str:
    """Render the page without the request's context, which would query the database."""
    again = request.get_full_path() if request.method in ("GET", "HEAD") else ""
    return render_to_string("503.html", {"reason": reason, "again": again, "theme": theme_of(request)})
