"""Reference figures of machine and server, measured in the same run as the project's own figures."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from statistics import median

import psycopg
from django.db import connection

from inframind.supervisor import postgres

SCALE = 20
DATABASE = "bench_floor"


def rounds(count: int, *measures: Callable[[], float]) -> list[list[float]]:
    """Run several measures in turn, so that a change of the machine's speed affects all of them alike."""
    samples: list[list[float]] = [[] for _ in measures]
    for _ in range(count):
        for figures, measure in zip(samples, measures, strict=True):
            figures.append(measure())
    return samples


def ratio(ours: list[float], floor: list[float]) -> float:
    """The median of the ratios of each round."""
    return median(our / base for our, base in zip(ours, floor, strict=True))


def _owner() -> psycopg.Connection:
    """A connection with the rights of the server's owner; the application's role makes no databases."""
    admin = psycopg.connect(**connection.get_connection_params(), autocommit=True)
    admin.execute("SET ROLE NONE")
    return admin


class Pgbench:
    """PostgreSQL's own benchmark, its tpcb-like script, on the server of this run in a database beside ours."""

    def __init__(self) -> None:
        settings = connection.settings_dict
        self.target = ["-U", settings["USER"] or "postgres", *self._host(settings)]
        self.drop()
        with _owner() as admin:
            admin.execute(f"CREATE DATABASE {DATABASE}")
        self._run("-i", "-q", "-s", str(SCALE))

    def tps(self, clients: int, seconds: int) -> float:
        output = self._run("-n", "-M", "prepared", "-c", str(clients), "-j", "2", "-T", str(seconds))
        match = re.search(r"tps = ([0-9.]+)", output)
        assert match, output
        return float(match.group(1))

    def drop(self) -> None:
        with _owner() as admin:
            admin.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")

    def _run(self, *arguments: str) -> str:
        command = [str(postgres.binaries() / "pgbench"), *arguments, *self.target, DATABASE]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    @staticmethod
    def _host(settings: dict[str, object]) -> list[str]:
        host = settings["HOST"] or settings["OPTIONS"].get("host", "")  # type: ignore[attr-defined]
        port = settings["PORT"]
        return [*(["-h", str(host)] if host else []), *(["-p", str(port)] if port else [])]
