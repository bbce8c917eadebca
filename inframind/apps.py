from __future__ import annotations

from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate


class InframindConfig(AppConfig):
    name = "inframind"
    label = "inframind"

    def ready(self) -> None:
        from . import checks, cors, database_roles, migration_digests

        checks.require_fast_curve()
        # Sent once for each app, when all of them are migrated.
        for receiver in (database_roles.grant_after_migrate, migration_digests.record_after_migrate):
            post_migrate.connect(receiver, sender=apps.get_app_config("staking"))
        cors.connect()
