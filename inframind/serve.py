"""The web server of the site: `python -m inframind.serve`, settings from the environment.

Checks once that schema, network and clock fit, then runs granian with INFRAMIND_WEB_WORKERS processes, which each
check again when they are replaced.
"""

from __future__ import annotations

import os
import sys

from inframind import database_limits, metrics_folder

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "inframind.settings")
database_limits.use("web")
metrics_folder.use("web")

import django
from django.conf import settings
from granian.constants import Interfaces
from granian.http import HTTP1Settings
from granian.server import MPServer

from inframind.request_bodies import BODY_THREADS
from inframind.supervisor import probes, startup_errors

HEADER_MS = 10_000


def main() -> int:
    """Serve until a signal ends it. Exit status 2 with one sentence when something does not fit."""
    with startup_errors.report_startup_errors():
        django.setup()
        from inframind import start_checks

        host, port = settings.INFRAMIND_HOST, settings.INFRAMIND_PORT
        _require_free(host, port)
        start_checks.require_ready()
        start_checks.close_connections()
        server(host, port).serve()
    return 0


def server(host: str, port: int) -> MPServer:
    """granian as this site needs it."""
    return MPServer(
        "inframind.wsgi:application",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=settings.INFRAMIND_WEB_WORKERS,
        # Most threads wait for a request body; INFRAMIND_WEB_THREADS and one more handle requests.
        blocking_threads=BODY_THREADS,
        websockets=False,
        # A web process that dies (of memory, say) is replaced: the other goes on meanwhile.
        respawn_failed_workers=True,
        # Without a limit granian waits for ever on workers that were still starting when it was told to end.
        workers_kill_timeout=10,
        http1_settings=HTTP1Settings(header_read_timeout=HEADER_MS),
        log_dictconfig=settings.LOGGING,
    )


def _require_free(host: str, port: int) -> None:
    if not probes.port_is_free(host, port):
        raise startup_errors.StartFault(
            f"port {port} of {host} is taken by another program. Set PORT to a free one."
        )


if __name__ == "__main__":
    sys.exit(main())
