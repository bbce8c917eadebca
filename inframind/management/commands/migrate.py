"""Django's `migrate`, refused where the database was made by other code, with a sentence when a lock is not free."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError
from django.core.management.commands import migrate
from django.db import OperationalError
from psycopg.errors import LockNotAvailable

from inframind import migration_digests


class Command(migrate.Command):
    def handle(self, *args: Any, **options: Any) -> None:
        if fault := migration_digests.refusal():
            raise CommandError(f"Nothing was changed: {fault}")
        try:
            super().handle(*args, **options)
        except OperationalError as error:
            if not isinstance(error.__cause__, LockNotAvailable):
                raise
            raise CommandError(
                "A lock on a table was not free in time, and the migration that needs it was rolled back. Run the "
                "command again; what was applied before stays applied."
            ) from error
