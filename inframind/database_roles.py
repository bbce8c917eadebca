"""Rights of the application's database role: it owns no table, and the database refuses it to change what is final.

`deploy/roles.sql` creates the roles. The owner runs `migrate`, after which `grant` runs by itself wherever the role
exists; all other processes connect as the application.
"""

from __future__ import annotations

from typing import Any

from django.db import connection
from django.db.backends.utils import CursorWrapper

APPLICATION = "inframind_app"

# Everything that the application changes; a new table is read and written until it is named below.
USUAL = "SELECT, INSERT, UPDATE, DELETE"
# Partitions are the only tables that the owner makes later: receipts and heartbeats are added, and never changed.
LATER = "SELECT, INSERT"
PARTITIONS = "SELECT c.oid::regclass::text FROM pg_class c WHERE c.relispartition AND c.relkind = 'r'"
# What the application may not do on a table, beside TRUNCATE and everything that only an owner may.
REFUSED = {
    "django_migrations": "INSERT, UPDATE, DELETE",
    "inframind_migration": "INSERT, UPDATE, DELETE",
    "ledger_transaction": "UPDATE, DELETE",
    "ledger_entry": "UPDATE, DELETE",
    "ledger_journalnumber": "UPDATE, DELETE",
    # Balances move by a trigger, with the rights of who posts.
    "ledger_account": "DELETE",
    "staking_network": "DELETE",
    "staking_archive": "DELETE",
    "staking_epoch": "DELETE",
    "staking_nodeepoch": "UPDATE, DELETE",
    "staking_epochtree": "UPDATE, DELETE",
    "staking_receipt": "UPDATE, DELETE",
    "staking_heartbeat": "UPDATE, DELETE",
    "staking_parameterset": "UPDATE, DELETE",
    "staking_slash": "DELETE",
    "staking_node": "DELETE",
}


def grant_after_migrate(**more: Any) -> None:
    """Receiver of post_migrate: grant where the application's role exists."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT FROM pg_roles WHERE rolname = %s", [APPLICATION])
        if cursor.fetchone() is not None:
            grant(cursor)


def grant(cursor: CursorWrapper) -> None:
    """Give the application exactly its rights, on every table there is and on those the owner makes later."""
    cursor.execute(PARTITIONS)
    refused = {**REFUSED, **{table: "UPDATE, DELETE" for (table,) in cursor.fetchall()}}
    cursor.execute(
        f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {APPLICATION};"
        f"GRANT USAGE ON SCHEMA public TO {APPLICATION};"
        f"GRANT {USUAL} ON ALL TABLES IN SCHEMA public TO {APPLICATION};"
        f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {APPLICATION};"
        f"ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE ALL ON TABLES FROM {APPLICATION};"
        f"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT {LATER} ON TABLES TO {APPLICATION};"
        f"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO {APPLICATION};"
        + "".join(f"REVOKE {rights} ON {table} FROM {APPLICATION};" for table, rights in refused.items())
    )


def owns_the_ledger() -> bool:
    """True if this process could disable the triggers of the ledger."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_has_role(current_user, relowner, 'USAGE') FROM pg_class WHERE oid = 'ledger_entry'::regclass"
        )
        return bool(cursor.fetchone()[0])
