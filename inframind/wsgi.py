"""The site as a WSGI application."""

from __future__ import annotations

import os

# A page that waits longer than this for a lock or an answer gives up with a 503 instead of hanging.
os.environ.setdefault("PGOPTIONS", "-c lock_timeout=8s -c statement_timeout=15s")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "inframind.settings")

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from inframind.request_bodies import MeasuredBodies

application = MeasuredBodies(
    get_wsgi_application(), settings.DATA_UPLOAD_MAX_MEMORY_SIZE, at_work=settings.INFRAMIND_WEB_THREADS
)
