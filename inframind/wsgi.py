"""The site as a WSGI application."""

from __future__ import annotations

import os

# A page that waits longer than this for a lock or an answer gives up with a 503 instead of hanging.
os.environ.setdefault("PGOPTIONS", "-c lock_timeout=8s -c statement_timeout=15s")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "inframind.settings")

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from inframind.request_bodies import Application, MeasuredBodies


def checked_site() -> Application:
    """Load Django and refuse a schema, a network or a clock that does not fit."""
    site = get_wsgi_application()
    # Models can be imported once Django is loaded.
    from inframind import start_checks

    start_checks.require_ready()
    return site


application = MeasuredBodies(
    checked_site(), settings.DATA_UPLOAD_MAX_MEMORY_SIZE, at_work=settings.INFRAMIND_WEB_THREADS
)
