"""Servers of a process: configured ones, or embedded ones that run while a process uses them.

Every process that uses the embedded servers holds a shared lock for as long as it lives; whoever ends and
finds nobody else holding it stops them. The kernel lets go of the lock of a killed process, so no count on
disk can be wrong: the watchdog of a killed `make run` stops its servers, and the next user takes over those that
a killed command left behind.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from inframind import environment
from inframind.supervisor import file_locks, probes, startup_errors

WITHOUT_SERVERS = (
    *("help", "version", "check", "diffsettings", "spectacular", "collectstatic", "findstatic"),
    *("compilemessages", "makemessages", "startapp", "startproject"),
)
WITHOUT_TABLES = ("migrate", "makemigrations", "showmigrations", "sqlmigrate", "optimizemigration", "dbshell")
# Run on a production database before it holds its network.
BEFORE_GENESIS = ("genesis", "createsuperuser", "changepassword")


class Lease:
    """A claim on the embedded servers of one data directory, from acquire() to release()."""

    def __init__(self, data_dir: Path, *, database: bool = True, broker: bool = True) -> None:
        self.data_dir = data_dir
        self.database = database
        self.broker = broker
        if database:
            require_own(data_dir)
        self._users = file_locks.FileLock(data_dir / "servers.users")

    def acquire(self) -> None:
        """Start what is down. Raises StartFault when a server cannot be started."""
        with file_locks.alone(self.data_dir / "servers.lock"):
            self._users.wait_shared()
            self._start()

    def revive(self) -> None:
        """Restart servers that have died."""
        if not self._up():
            with file_locks.alone(self.data_dir / "servers.lock"):
                self._start()

    def release(self) -> bool:
        """Give the claim up; the last one out stops the servers. Returns whether they were stopped."""
        with file_locks.alone(self.data_dir / "servers.lock"):
            last = self._users.try_exclusive()
            if last:
                self._stop()
            self._users.close()
        return last

    def urls(self) -> dict[str, str]:
        from inframind.supervisor import paths

        urls = {}
        if self.database:
            urls["DATABASE_URL"] = paths.database_url(self.data_dir)
        if self.broker:
            urls["REDIS_URL"] = paths.redis_url(self.data_dir)
        return urls

    def _up(self) -> bool:
        from inframind.supervisor import paths, postgres, valkey

        database = not self.database or postgres.running_pid(self.data_dir) is not None
        return database and (not self.broker or valkey.answers(paths.redis_url(self.data_dir)))

    def _start(self) -> None:
        from inframind.supervisor import postgres, valkey

        if self.database:
            postgres.start(self.data_dir)
        if self.broker:
            valkey.start(self.data_dir)

    def _stop(self) -> None:
        from inframind.supervisor import postgres, valkey

        valkey.stop(self.data_dir)
        postgres.stop(self.data_dir)


def lease_of(data_dir: Path, configured: Sequence[str]) -> Lease | None:
    """A claim on the embedded servers that are not configured otherwise; None when both are."""
    database, broker = "DATABASE_URL" not in configured, "REDIS_URL" not in configured
    return Lease(data_dir, database=database, broker=broker) if database or broker else None


@contextmanager
def in_use(data_dir: Path, configured: Sequence[str] = ()) -> Iterator[Lease | None]:
    """Hold the embedded servers that are not configured otherwise, with their URLs in the environment."""
    lease = lease_of(data_dir, configured)
    if lease is None:
        yield None
        return
    if lease.database:
        forget_libpq_settings()
    lease.acquire()
    try:
        os.environ.update(lease.urls())
        yield lease
    finally:
        lease.release()


def forget_libpq_settings() -> None:
    """Drop PGPORT, PGOPTIONS and their like: they belong to another server."""
    for name in [name for name in os.environ if name.startswith("PG")]:
        del os.environ[name]


def require_own(data_dir: Path) -> None:
    """Raise StartFault when the data directory has an embedded database of another user."""
    from inframind.supervisor import paths, postgres_account

    postgres_account.require_own(paths.cluster(data_dir))


@contextmanager
def for_command(argv: Sequence[str]) -> Iterator[None]:
    """Before `manage.py` opens the database: the servers of `make run`, or our own for this run.

    Commands that need no database start nothing. A configured database that does not answer, or a data
    directory that cannot be written, ends the process with one sentence.
    """
    with startup_errors.report_startup_errors():
        settings = environment.load()
        if not needs_servers(argv):
            yield
            return
        configured = [name for name in ("DATABASE_URL", "REDIS_URL") if settings[name]]
        if "DATABASE_URL" in configured:
            probes.require_database(settings["DATABASE_URL"])
        _leave_on_terminate()
        with in_use(settings["INFRAMIND_DATA_DIR"], configured):
            if argv[1] not in WITHOUT_TABLES:
                _require_ready(settings["INFRAMIND_NETWORK"], argv[1])
            yield


def needs_servers(argv: Sequence[str]) -> bool:
    words = argv[1:]
    if not words or {"-h", "--help", "--version"} & set(words):
        return False
    return words[0] not in WITHOUT_SERVERS


def _require_ready(network: str, command: str) -> None:
    """Create the tables of a new devnet, then refuse a schema, a network or a clock that does not fit."""
    import django

    django.setup()
    from inframind import start_checks
    from inframind.supervisor import prepare

    if network == "devnet" and prepare.database_is_fresh():
        prepare.migrate()
    start_checks.require_ready(genesis=command not in BEFORE_GENESIS)


def _leave_on_terminate() -> None:
    def leave(number: int, frame: FrameType | None) -> None:
        sys.exit(128 + number)

    signal.signal(signal.SIGTERM, leave)
