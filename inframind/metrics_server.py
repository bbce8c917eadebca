"""`/metrics` of a worker: a small HTTP server in a thread, since a worker has no site."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from http import HTTPStatus
from socketserver import ThreadingMixIn
from threading import Thread
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from inframind import metrics


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *values: Any) -> None:
        """Scrapes are not logged."""


def start(address: tuple[str, int]) -> int:
    """Serve in the background; the port. Raises OSError when the address is taken."""
    server = make_server(*address, _application, server_class=_Server, handler_class=_Quiet)
    Thread(target=server.serve_forever, name="metrics", daemon=True).start()
    return server.server_port


def _application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    if environ.get("PATH_INFO") != "/metrics":
        start_response("404 Not Found", [("Content-Type", "text/plain")])
        return [b"Ask for /metrics.\n"]
    status, content_type, body = metrics.answer(environ.get("HTTP_AUTHORIZATION", ""))
    start_response(f"{status} {HTTPStatus(status).phrase}", [("Content-Type", content_type)])
    return [body]
