"""The task queue: its settings are CELERY_* in the settings, its tasks and their rhythm in `tasks`."""

from __future__ import annotations

import os
import sys
from typing import Any

from celery import Celery, signals
from django.core.exceptions import ImproperlyConfigured

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "inframind.settings")

app = Celery("inframind")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.imports = ("inframind.tasks",)


@signals.worker_init.connect
@signals.beat_init.connect
def _require_ready(**more: Any) -> None:
    """End a worker or beat that does not fit the schema, the network or the clock."""
    from inframind import start_checks

    try:
        start_checks.require_ready()
    except ImproperlyConfigured as fault:
        sys.exit(f"InfraMind cannot start: {fault}")
    finally:
        start_checks.close_connections()
