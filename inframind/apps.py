from __future__ import annotations

from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate


class InframindConfig(AppConfig):
    name = "inframind"
    label = "inframind"

    def ready(self) -> None:
        from . import checks, cors, database_roles

        checks.require_fast_curve()
        # Sent once for each app, when all of them are migrated.
        post_migrate.connect(database_roles.grant_after_migrate, sender=apps.get_app_config("staking"))
        cors.connect()
