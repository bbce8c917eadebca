"""The task queue: its settings are CELERY_* in the settings, its tasks and their rhythm in `tasks`."""

from __future__ import annotations

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "inframind.settings")

app = Celery("inframind")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.imports = ("inframind.tasks",)
