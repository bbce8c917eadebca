"""Checks before the start: servers answer, the port is free."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

import psycopg

from inframind.supervisor.startup_errors import StartFault

OLDEST_POSTGRES = 150_000


def require_database(url: str) -> None:
    """Raise StartFault unless a PostgreSQL of a supported version answers at `url`."""
    where = _without_password(url)
    try:
        with psycopg.connect(url, connect_timeout=5) as connection:
            version = connection.info.server_version
    except psycopg.Error as error:
        reason = str(error).strip().splitlines()[-1]
        raise StartFault(
            f"the database at {where} does not answer ({reason}). Check DATABASE_URL."
        ) from error
    if version < OLDEST_POSTGRES:
        raise StartFault(f"the database at {where} is PostgreSQL {version // 10_000}; 15 or newer is needed.")


def require_broker(url: str) -> None:
    """Raise StartFault unless a Redis or Valkey answers at `url`."""
    # Management commands check the database alone, and the client is 70 modules.
    import redis

    client = redis.Redis.from_url(url, socket_timeout=5, socket_connect_timeout=5)
    try:
        client.ping()
    except redis.RedisError as error:
        where = _without_password(url)
        raise StartFault(f"the Redis at {where} does not answer ({error}). Check REDIS_URL.") from error
    finally:
        client.close()


def port_is_free(host: str, port: int) -> bool:
    # The web server shares ports silently, so that a forgotten second site would answer every other
    # request; a plain bind tells.
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    if not parts.password:
        return url
    return parts._replace(netloc=parts.netloc.replace(f":{parts.password}@", ":…@")).geturl()
