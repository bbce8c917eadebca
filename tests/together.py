"""Run concurrent actions, and actions that wait for one another's locks."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Barrier
from typing import Any

from django.db import connection

BLOCKED = "SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"


def wait_until_blocked(waiting: Future[Any]) -> None:
    """Return as soon as another session waits for a lock of this one."""
    with connection.cursor() as cursor:
        while not waiting.done():
            cursor.execute(BLOCKED)
            if cursor.fetchone() == (1,):
                return
    raise AssertionError(f"it did not wait: {waiting.result()}")


def alone(act: Callable[[], Any]) -> Callable[[], Any]:
    """An action for another thread, whose connection is closed after it."""

    def run() -> Any:
        try:
            return act()
        finally:
            connection.close()

    return run


def together(clients: int, act: Callable[[int], Any]) -> list[Any]:
    """Run act(0) … act(clients − 1) at the same instant, each on a connection of its own."""
    start = Barrier(clients)

    def one(number: int) -> Any:
        try:
            start.wait()
            return act(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(clients) as pool:
        return list(pool.map(one, range(clients)))
