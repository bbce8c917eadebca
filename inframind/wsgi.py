"""The site as a WSGI application."""

from __future__ import annotations

import os

from inframind import database_limits

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "inframind.settings")
database_limits.use("web")

import django

# The probes import models.
django.setup()

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from inframind import start_checks
from inframind.health import Probes
from inframind.request_bodies import Application, MeasuredBodies


def checked_site() -> Application:
    """Refuse a schema, a network or a clock that does not fit."""
    site = get_wsgi_application()
    start_checks.require_ready()
    return site


application = Probes(
    MeasuredBodies(
        checked_site(), settings.DATA_UPLOAD_MAX_MEMORY_SIZE, at_work=settings.INFRAMIND_WEB_THREADS
    )
)
