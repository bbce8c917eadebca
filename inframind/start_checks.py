"""Checks at the start of a process: that the code fits the schema, and the settings fit the network.

Every web process, worker, beat and management command that uses the tables runs these first. Each refusal is one
sentence that says what to do.
"""

from __future__ import annotations

from typing import Any

import structlog
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from inframind import checks, database_limits, database_roles, migration_digests
from postgres.clock import ClockSkew, database_time, require_agreement
from staking.models import Network
from staking.services.epochs import NO_GENESIS

log = structlog.get_logger(__name__)

# The generation of this code. A migration that takes away what older code uses raises inframind_oldest_code() to the
# first generation that does without it (docs/operations.md, "Rolling upgrade").
CODE_GENERATION = 1


def require_ready(*, genesis: bool = True) -> None:
    """Refuse to work with a schema, a network or a clock that does not fit.

    `genesis`: whether a production database must hold its network already.
    Raises ImproperlyConfigured.
    """
    require_schema()
    require_network(genesis=genesis)
    require_clock()
    if database_limits.is_service():
        require_application_role()
        warn_of_unmailed_alarms()


def require_application_role() -> None:
    """Raise ImproperlyConfigured in production as the owner of the ledger, which can disable its triggers."""
    if settings.INFRAMIND_NETWORK == "production" and database_roles.owns_the_ledger():
        raise ImproperlyConfigured(
            "DATABASE_URL names the owner of the tables, who could change what was posted. Services connect as "
            "inframind_app (deploy/roles.sql); only `manage.py migrate` runs as the owner."
        )


def warn_of_unmailed_alarms() -> None:
    """Log it when a halted settlement would be mailed to nobody."""
    if fault := checks.unmailed_alarms():
        log.warning("alarms_are_not_mailed", hint=fault)


def close_connections() -> None:
    """Close this thread's connection and the pool: processes that fork after this share none of them."""
    connection.close()
    close_pool = getattr(connection, "close_pool", None)
    if close_pool is not None:
        close_pool()


def require_schema() -> None:
    """Raise ImproperlyConfigured when migrations are missing or are others, or the schema has left this code behind."""
    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if missing:
        names = ", ".join(f"{migration.app_label}.{migration.name}" for migration, _ in missing[:3])
        more = f" and {len(missing) - 3} more" if len(missing) > 3 else ""
        raise ImproperlyConfigured(
            f"the database lacks migrations of this code ({names}{more}). Run `manage.py migrate`."
        )
    if fault := migration_digests.refusal():
        raise ImproperlyConfigured(fault)
    with connection.cursor() as cursor:
        cursor.execute("SELECT inframind_oldest_code()")
        oldest = cursor.fetchone()[0]
    if oldest > CODE_GENERATION:
        raise ImproperlyConfigured(
            f"this code (generation {CODE_GENERATION}) is too old for the database, which needs generation {oldest} "
            "or newer. Install the newer release."
        )


def require_network(*, genesis: bool = True) -> None:
    """Raise ImproperlyConfigured unless the settings name the network that the database holds.

    An empty database takes any devnet; in production it is refused unless `genesis` is false.
    """
    row = Network.objects.values_list("kind", "chain_id").first()
    if row is None:
        if genesis and settings.INFRAMIND_NETWORK == "production":
            raise ImproperlyConfigured(NO_GENESIS)
        return
    kind, chain_id = row
    _require_equal("INFRAMIND_NETWORK", settings.INFRAMIND_NETWORK, kind)
    _require_equal("INFRAMIND_CHAIN_ID", settings.INFRAMIND_CHAIN_ID, chain_id)


def require_clock() -> None:
    """Raise ImproperlyConfigured when this machine's clock differs too much from the database's."""
    database_time()
    try:
        require_agreement()
    except ClockSkew as skew:
        raise ImproperlyConfigured(str(skew)) from skew


def _require_equal(name: str, configured: Any, held: Any) -> None:
    if configured != held:
        raise ImproperlyConfigured(
            f"the database holds the network with {name}={held}, and this process is configured with "
            f"{name}={configured}. Correct {name}, or DATABASE_URL."
        )
