"""Endpoints of probes: liveness (`/healthz`), readiness (`/readyz`) and metrics (`/metrics`).

`Probes` answers these three before the site does: without a place at work, without a database connection of the pool
and whatever the Host header says.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotDone
from http import HTTPStatus
from pathlib import Path
from threading import Lock
from typing import Any

import psycopg
import redis
import structlog
from django.conf import settings
from django.contrib.staticfiles.storage import ManifestFilesMixin, staticfiles_storage
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, JsonResponse

from inframind import alarms, metrics
from inframind.demo import load_state
from inframind.network_state import NetworkState, read_state

log = structlog.get_logger("inframind.health")

# Together less than the two seconds in which a probe must be answered.
PATIENCE_SECONDS = 1.5
FRESH_SECONDS = 1.0
MIN_FREE_BYTES = 64 * 1024 * 1024

Faults = dict[str, str | None]
Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def database() -> Faults:
    """The database and, if it answers, the state of the network."""
    try:
        state = read_state()
    except psycopg.Error as error:
        return {"database": _away("database", error)}
    return {"database": _serving(state), "clock": alarms.clock_skew(state), **_alarms(state)}


def broker() -> Faults:
    client = redis.Redis.from_url(settings.CELERY_BROKER_URL, socket_timeout=1, socket_connect_timeout=1)
    try:
        client.ping()
    except redis.RedisError as error:
        return {"broker": _away("broker", error)}
    finally:
        client.close()
    return {"broker": None}


def beat() -> Faults:
    """Beat sends a pulse that a worker records, so its age speaks for both."""
    try:
        return {"beat": alarms.pulse(cache.get(metrics.PULSE_KEY))}
    except redis.RedisError as error:
        return {"beat": _away("cache", error)}


def static_files() -> Faults:
    """Without the manifest every page is a 500."""
    hashed = isinstance(staticfiles_storage, ManifestFilesMixin)
    missing = hashed and not (Path(settings.STATIC_ROOT) / ManifestFilesMixin.manifest_name).exists()
    return {
        "static_files": "the static files are missing: run `manage.py collectstatic`" if missing else None
    }


def disk() -> Faults:
    folder = settings.DATA_DIR if settings.DATA_DIR.exists() else Path("/")
    full = shutil.disk_usage(folder).free < MIN_FREE_BYTES
    return {"disk": "the disk of the data directory is full" if full else None}


def demo_network() -> Faults:
    """A demo network that is still loaded; no check where none is."""
    progress = load_state.progress()
    if progress is None:
        return {}
    return {"demo_network": f"loading: {progress.epochs} of {progress.total} epochs are settled"}


# Each runs in a thread of its own; it answers one or more checks.
CHECKS: tuple[Callable[[], Faults], ...] = (database, broker, beat, static_files, disk, demo_network)
# Readiness depends on these; the others are alarms.
SERVING = ("database", "clock", "static_files", "disk", "demo_network")


class Readiness:
    """Runs the checks side by side, each at most once at a time, and waits a limited time for all of them."""

    def __init__(self, checks: Iterable[Callable[[], Faults]] = CHECKS) -> None:
        self.checks = tuple(checks)
        self._threads = ThreadPoolExecutor(len(self.checks), thread_name_prefix="readiness")
        self._running: dict[str, Future[Faults]] = {}
        self._lock = Lock()
        self._last: tuple[float, Faults] = (0.0, {})

    def faults(self) -> Faults:
        """Every check with its fault, None when it is well; cached for a second."""
        with self._lock:
            at, faults = self._last
            if not faults or time.monotonic() - at > FRESH_SECONDS:
                faults = self._ask()
                self._last = (time.monotonic(), faults)
            return faults

    def _ask(self) -> Faults:
        until = time.monotonic() + PATIENCE_SECONDS
        futures = {check.__name__: self._start(check) for check in self.checks}
        faults: Faults = {}
        for name, future in futures.items():
            try:
                faults |= future.result(max(until - time.monotonic(), 0))
            except NotDone:
                faults[name] = f"no answer within {PATIENCE_SECONDS} s"
        return faults

    def _start(self, check: Callable[[], Faults]) -> Future[Faults]:
        """A check that still hangs is not started a second time."""
        former = self._running.get(check.__name__)
        if former is None or former.done():
            self._running[check.__name__] = self._threads.submit(check)
        return self._running[check.__name__]


readiness = Readiness()


def ready_answer() -> tuple[int, dict[str, Any]]:
    """Status and body of `/readyz`: 503 only when this process cannot serve traffic."""
    faults = readiness.faults()
    ready = not any(faults.get(name) for name in SERVING)
    others = sorted(name for name, fault in faults.items() if fault and name not in SERVING)
    body = {
        "ready": ready,
        "checks": {name: fault or "ok" for name, fault in faults.items()},
        "alarms": others,
    }
    return (200 if ready else 503), body


class Probes:
    """WSGI: answers the three addresses itself and leaves everything else to the site."""

    def __init__(self, site: Application) -> None:
        self.site = site

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if path not in PATHS or environ.get("REQUEST_METHOD") not in ("GET", "HEAD"):
            return self.site(environ, start_response)
        status, content_type, body = _answer(path, environ.get("HTTP_AUTHORIZATION", ""))
        headers = [
            ("Content-Type", content_type),
            ("Content-Length", str(len(body))),
            ("Cache-Control", "no-store"),
        ]
        start_response(f"{status} {HTTPStatus(status).phrase}", headers)
        return [b"" if environ["REQUEST_METHOD"] == "HEAD" else body]


PATHS = ("/healthz", "/readyz", "/metrics")


def _answer(path: str, authorization: str) -> tuple[int, str, bytes]:
    if path == "/healthz":
        return 200, "text/plain; charset=utf-8", b"ok\n"
    if path == "/metrics":
        return metrics.answer(authorization)
    status, body = ready_answer()
    return status, "application/json", json.dumps(body).encode()


def healthz(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok\n", content_type="text/plain; charset=utf-8")


def readyz(request: HttpRequest) -> HttpResponse:
    status, body = ready_answer()
    return JsonResponse(body, status=status)


def metrics_view(request: HttpRequest) -> HttpResponse:
    status, content_type, body = metrics.answer(request.headers.get("Authorization", ""))
    return HttpResponse(body, status=status, content_type=content_type)


def _serving(state: NetworkState) -> str | None:
    return "the database is a standby: it can only be read" if state.in_recovery else None


def _alarms(state: NetworkState) -> Faults:
    active = alarms.active(state)
    return {check.__name__: active.get(check.__name__) for check in alarms.CONDITIONS}


def _away(what: str, error: Exception) -> str:
    """The fault for a public answer; the address of the server goes to the log."""
    log.warning("not_ready", what=what, error=str(error).strip())
    return f"the {what} does not answer"
