"""Whether the process lives, whether it can do its work, and its figures."""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable

import redis
import structlog
from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError, InterfaceError, connection
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django_prometheus.exports import ExportToDjangoView

from staking.models import Epoch
from staking.services.clock import now

log = structlog.get_logger("inframind.health")

PULSE_KEY = "beat:pulse"
PULSE_LIMIT_SECONDS = 60
# Beat asks every five seconds; a large epoch takes its time.
SETTLEMENT_LIMIT_SECONDS = 180

Check = Callable[[], str | None]


def database() -> str | None:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except (DatabaseError, InterfaceError) as error:
        return _away("database", error)
    return None


def broker() -> str | None:
    client = redis.Redis.from_url(settings.CELERY_BROKER_URL, socket_timeout=2, socket_connect_timeout=2)
    try:
        client.ping()
    except redis.RedisError as error:
        return _away("broker", error)
    finally:
        client.close()
    return None


def beat() -> str | None:
    """Beat sends a pulse that a worker records, so its age speaks for both."""
    try:
        seen = cache.get(PULSE_KEY)
    except redis.RedisError as error:
        return _away("cache", error)
    if seen is None:
        return "beat and worker have not been seen yet"
    age = int(time.time() - seen)
    return f"beat and worker were last seen {age} s ago" if age > PULSE_LIMIT_SECONDS else None


def settlement() -> str | None:
    """An epoch whose end is long past was not settled: no worker, or the audit halted settlement."""
    try:
        open_epoch = Epoch.objects.exclude(status=Epoch.Status.SETTLED).values_list("number", "end").first()
        network_time = now()
    except (DatabaseError, InterfaceError) as error:
        return _away("database", error)
    if open_epoch is None:
        return None
    number, end = open_epoch
    late = int((network_time - end).total_seconds())
    return f"epoch {number} is overdue by {late} s" if late > SETTLEMENT_LIMIT_SECONDS else None


def _away(what: str, error: Exception) -> str:
    """Anybody may ask whether the site is ready; where its servers stand is for the log."""
    log.warning("not_ready", what=what, error=str(error).strip())
    return f"the {what} does not answer"


CHECKS: list[Check] = [database, broker, beat, settlement]


def healthz(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok\n", content_type="text/plain; charset=utf-8")


def readyz(request: HttpRequest) -> HttpResponse:
    faults = {check.__name__: check() for check in CHECKS}
    ready = not any(faults.values())
    body = {"ready": ready, "checks": {name: fault or "ok" for name, fault in faults.items()}}
    return JsonResponse(body, status=200 if ready else 503)


def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus figures; behind a token where one is set, closed on a production network without one."""
    token = settings.INFRAMIND_METRICS_TOKEN
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if token and not hmac.compare_digest(given.encode(), token.encode()):
        return HttpResponse("A bearer token is needed.\n", status=401, content_type="text/plain")
    if not token and settings.INFRAMIND_NETWORK == "production":
        raise Http404
    response: HttpResponse = ExportToDjangoView(request)
    return response
