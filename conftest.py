"""The whole suite runs on servers of its own, up before Django is loaded and down after the last test.

Several runs may share the machine: they share one PostgreSQL (the last one out stops it), each with a
database named after its process, and each has a Valkey for itself. So do the workers of one run (`-n`).
TEST_DATABASE_URL and TEST_REDIS_URL name other servers to test against.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
import tempfile
from collections.abc import Generator, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest

ROOT = Path(__file__).resolve().parent
PREFIX = "test_inframind_"

# `make test` installs no browser driver; `make test-browser` does.
collect_ignore = [] if importlib.util.find_spec("playwright") else ["tests/browser"]


def _forget_environment() -> None:
    # Settings of the shell that started the run must not affect the tests.
    ours = ("DATABASE_URL", "REDIS_URL", "PORT", "SECRET_KEY", "ALLOWED_HOSTS", "PYTHONDONTWRITEBYTECODE")
    for name in list(os.environ):
        if name.startswith(("INFRAMIND_", "PG")) or name in ours:
            del os.environ[name]
    # The processes of a run, and those that tests start, import the same modules.
    sys.dont_write_bytecode = False


def _drop_abandoned(url: str) -> None:
    """Drop the databases of runs that were killed; that of a worker ends in the worker's name."""
    with psycopg.connect(url, autocommit=True) as connection:
        rows = connection.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", (PREFIX,))
        for (name,) in rows.fetchall():
            number = name.removeprefix(PREFIX).partition("_")[0]
            if number.isdigit() and not psutil.pid_exists(int(number)):
                connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


# For the suite's own server. Tests write inside transactions that never commit: an ANALYZE by autovacuum meanwhile
# counts no rows in tables that the test's own queries find full, and plans for empty tables take minutes on full ones.
# And what tests write need not survive a crash of the machine.
SERVER_SETTINGS = ("autovacuum", "fsync", "full_page_writes")


def _configure_server(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for name in SERVER_SETTINGS:
            connection.execute(f"ALTER SYSTEM SET {name} = off")
        connection.execute("SELECT pg_reload_conf()")


def _make_application_role(url: str) -> None:
    """The role as which the tests run: it owns no table (inframind/database_roles.py). Workers make it at once."""
    with psycopg.connect(url, autocommit=True) as connection, suppress(psycopg.errors.DuplicateObject):
        connection.execute("CREATE ROLE inframind_app NOLOGIN")


_forget_environment()
os.environ["DJANGO_SETTINGS_MODULE"] = "inframind.settings.test"

from inframind.supervisor.servers import Lease

_scratch = Path(tempfile.mkdtemp(prefix="inframind-test-"))
_scratch.chmod(0o711)
(_scratch / "static").mkdir()
_leases = (
    Lease(ROOT / ".data" / "test", broker=False),
    Lease(_scratch, database=False),
)
for _lease, _name in zip(_leases, ("DATABASE_URL", "REDIS_URL"), strict=True):
    _url = os.environ.get(f"TEST_{_name}")
    if _url:
        os.environ[_name] = _url
    else:
        _lease.acquire()
        os.environ.update(_lease.urls())
if not os.environ.get("TEST_DATABASE_URL"):
    _configure_server(os.environ["DATABASE_URL"])
os.environ["INFRAMIND_DATA_DIR"] = str(_scratch)
_drop_abandoned(os.environ["DATABASE_URL"])
_make_application_role(os.environ["DATABASE_URL"])

# Not named in pyproject.toml: pytest-django would load the settings before the servers have URLs.
import django

django.setup()


def pytest_unconfigure(config: pytest.Config) -> None:
    for lease in _leases:
        lease.release()
    shutil.rmtree(_scratch, ignore_errors=True)


@pytest.hookimpl(wrapper=True)
def pytest_report_to_serializable() -> Generator[None, object, object]:
    """A worker sends its reports as UTF-8, and tests log what is none."""
    return _sendable((yield))


def _sendable(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode(errors="backslashreplace").decode()
    if isinstance(value, dict):
        return {name: _sendable(part) for name, part in value.items()}
    return type(value)(map(_sendable, value)) if isinstance(value, list | tuple) else value


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None) -> Iterator[None]:
    """Run the tests as the application's role; its owner made the database, and empties it between tests."""
    from django.db import connections

    database = connections["default"]
    options = database.settings_dict["OPTIONS"]
    as_owner = options["options"]
    options["options"] = f"{as_owner} -c role=inframind_app"
    database.close()
    yield
    options["options"] = as_owner
    database.close()


@pytest.fixture(scope="session", autouse=True)
def _flush_as_owner() -> Iterator[None]:
    """The application may not TRUNCATE."""
    from django.core.management.commands import flush

    from tests.owner import as_owner

    handle = flush.Command.handle
    flush.Command.handle = as_owner()(handle)
    yield
    flush.Command.handle = handle


@pytest.fixture(autouse=True)
def _empty_cache() -> Iterator[None]:
    from django.core.cache import cache

    yield
    cache.clear()


@pytest.fixture(autouse=True)
def _no_measured_skew(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test that moves this process's clock leaves no skew behind for the next one."""
    from postgres import clock

    monkeypatch.setattr(clock, "_skew", clock.ZERO)


@pytest.fixture
def process_environment(transactional_db: None) -> dict[str, str]:
    """Environment for real processes (worker, commands) that work on this run's test database."""
    from django.db import connection

    base = os.environ["DATABASE_URL"]
    head, _, tail = base.partition("?")
    own = f"{head.rsplit('/', 1)[0]}/{connection.settings_dict['NAME']}" + (f"?{tail}" if tail else "")
    return {**os.environ, "DATABASE_URL": own, "DJANGO_SETTINGS_MODULE": "inframind.settings"}
