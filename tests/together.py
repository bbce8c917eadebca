"""Run concurrent actions."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from django.db import connection


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
