"""Time limits of statements, locks and idle transactions, by the kind of process.

Without these one stuck transaction stops the network: everybody who needs the lock that it holds waits for ever.
The entry point of a process calls `use` before Django reads the settings. Behind a connection pooler the limits come
from the role instead (deploy/roles.sql has the same ones).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds; the server cancels the statement, or ends the session of an idle transaction."""

    lock: int
    statement: int
    idle_in_transaction: int

    @property
    def options(self) -> str:
        """The limits as start-up options of a PostgreSQL connection."""
        return (
            f"-c lock_timeout={self.lock}s -c statement_timeout={self.statement}s"
            f" -c idle_in_transaction_session_timeout={self.idle_in_transaction}s"
        )


LIMITS = {
    # A page that waits longer answers 503 instead of hanging.
    "web": Limits(lock=8, statement=15, idle_in_transaction=30),
    # A settlement computes between its statements; the time limit of a task is longer than each of these.
    "worker": Limits(lock=30, statement=300, idle_in_transaction=120),
    # Imports, audits and backfills of a large network.
    "command": Limits(lock=60, statement=3600, idle_in_transaction=600),
    # Everybody who comes after a lock on a table that waits, waits too; a migration that gave up is run again. One
    # that builds an index concurrently waits for all other transactions, and sets lock_timeout to 0 first.
    "migrate": Limits(lock=5, statement=3600, idle_in_transaction=600),
}
SERVICES = ("web", "worker")
_kind = ""


def use(kind: str) -> None:
    """Set the kind of this process; only the first call has an effect."""
    global _kind
    _kind = _kind or kind


def kind() -> str:
    """The kind of this process; `command` by default."""
    return _kind or "command"


def is_service() -> bool:
    """True if this process is a web server, worker or beat."""
    return kind() in SERVICES


def current() -> Limits:
    """The limits of this process."""
    return LIMITS[kind()]
