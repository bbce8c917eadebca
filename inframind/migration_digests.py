"""Digests of the migrations that made the database, so that code with another content of one of them is refused.

Django compares names only. A migration that this code does not have is not compared: a newer release has added it, and
`inframind_oldest_code()` says whether this code may go on.

Beyond the ORM: a table without a model, which exists before the first migration.
"""

from __future__ import annotations

import inspect
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from inframind.environment import PROJECT_ROOT

Key = tuple[str, str]

# It makes the table: a database that has it without the table was made by another content of it.
FIRST = {("staking", "0001_initial")}
TABLE = "SELECT to_regclass('inframind_migration')"
RECORD = """
INSERT INTO inframind_migration (app, name, digest) SELECT * FROM unnest(%s::text[], %s::text[], %s::text[])
ON CONFLICT DO NOTHING
"""
FORGET = """
DELETE FROM inframind_migration m
WHERE NOT EXISTS (SELECT FROM django_migrations d WHERE d.app = m.app AND d.name = m.name)
"""


def record_after_migrate(**more: Any) -> None:
    """Receiver of post_migrate: store the digest of each migration that was applied, and forget those undone."""
    applied = MigrationRecorder(connection).applied_migrations()
    rows = [(app, name, digest) for (app, name), digest in of_code().items() if (app, name) in applied]
    with connection.cursor() as cursor:
        cursor.execute(TABLE)
        if cursor.fetchone()[0] is None:
            return
        cursor.execute(FORGET)
        if rows:
            cursor.execute(RECORD, [list(column) for column in zip(*rows, strict=True)])


def changed() -> list[str]:
    """The migrations whose content in this code is not the one that was applied, as app.name."""
    code = of_code()
    with connection.cursor() as cursor:
        cursor.execute(TABLE)
        if cursor.fetchone()[0] is None:
            applied = MigrationRecorder(connection).applied_migrations()
            return [f"{app}.{name}" for app, name in sorted(FIRST & applied.keys())]
        cursor.execute("SELECT app, name, digest FROM inframind_migration ORDER BY app, name")
        return [f"{app}.{name}" for app, name, digest in cursor if code.get((app, name), digest) != digest]


def refusal() -> str | None:
    """Return the reason for which this code does not fit the database, and the remedy; None when it fits."""
    names = changed()
    if not names:
        return None
    return (
        f"the database was made by a release with another content of {', '.join(names[:3])}"
        f"{f' and {len(names) - 3} more' if len(names) > 3 else ''}. Run that release or one that follows it; on a "
        "devnet, remove the data directory to begin anew."
    )


@cache
def of_code() -> dict[Key, str]:
    """SHA-256 of the file of each migration of this project, by app and name."""
    files = {
        key: Path(inspect.getfile(type(migration)))
        for key, migration in MigrationLoader(None).disk_migrations.items()
    }
    own = {key: file for key, file in files.items() if _is_own(file)}
    return {key: sha256(file.read_bytes()).hexdigest() for key, file in own.items()}


def _is_own(file: Path) -> bool:
    """True if a file is this project's; packages may edit theirs in a patch release."""
    return file.is_relative_to(PROJECT_ROOT) and "site-packages" not in file.parts
