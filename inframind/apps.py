from __future__ import annotations

from django.apps import AppConfig


class InframindConfig(AppConfig):
    name = "inframind"
    label = "inframind"

    def ready(self) -> None:
        from . import celery, checks, cors

        checks.require_fast_curve()
        celery.app.set_default()
        cors.connect()
