"""The task queue: its settings are CELERY_* in the settings, its tasks and their rhythm in `tasks`."""

from __future__ import annotations

import logging
import os
import sys
from typing import Any

from celery import Celery, signals
from django.core.exceptions import ImproperlyConfigured
from kombu import Queue

from inframind import database_limits, metrics_folder

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "inframind.settings")
database_limits.use("worker")
if "worker" in sys.argv:
    metrics_folder.use("worker")

app = Celery("inframind")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.imports = ("inframind.tasks",)
# The pulse has a queue of its own: a long settlement is not a worker that died. A worker without --queues takes all.
app.conf.task_queues = [Queue("celery"), Queue("settlement"), Queue("pulse")]
app.set_default()


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


@signals.celeryd_init.connect
def _log_shutdown(**more: Any) -> None:
    """Log what Celery would print to stdout, so that every line has the same format."""
    from celery.apps import worker

    worker.safe_say = lambda message, *stream: logging.getLogger("celery.apps.worker").info(message)


@signals.worker_ready.connect
def _serve_metrics(**more: Any) -> None:
    """Serve the metrics of this worker where a port is set for them."""
    from django.conf import settings

    from inframind import metrics_server

    if settings.INFRAMIND_METRICS_PORT:
        metrics_server.start((settings.INFRAMIND_HOST, settings.INFRAMIND_METRICS_PORT))
