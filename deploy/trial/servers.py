"""Debian's PostgreSQL, pgbouncer, Redis and nginx, each in a folder of the trial and as its own user."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

from deploy.trial.report import Failed, wait_for

DEPLOY = Path(__file__).resolve().parents[1]
HOST = "staking.example.org"


def run(*command: str | Path, **more: object) -> str:
    ended = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, check=False, **more
    )  # type: ignore[call-overload]
    if ended.returncode:
        raise Failed(f"{' '.join(map(str, command))}\n{ended.stdout}{ended.stderr}")
    return str(ended.stdout)


class PostgreSQL:
    """A server with archived write-ahead log, the roles of roles.sql, and backups by pgBackRest."""

    def __init__(self, root: Path, port: int) -> None:
        self.root, self.port = root, port
        self.data = root / "main"
        self.binaries = max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
        self.config = root / "pgbackrest.conf"

    def create(self, owner_password: str, app_password: str) -> None:
        for folder in (self.root, self.root / "repository", self.root / "spool", self.root / "log"):
            folder.mkdir(parents=True)
            shutil.chown(folder, "postgres", "postgres")
        self._write_backup_configuration()
        self.as_postgres(
            self.binaries / "initdb", "-D", self.data, "--data-checksums", "--auth-local=peer",
            "--auth-host=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8",
        )  # fmt: skip
        with (self.data / "postgresql.conf").open("a") as file:
            file.write(
                f"port = {self.port}\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = '{self.root}'\n"
                f"archive_mode = on\narchive_command = 'pgbackrest --config={self.config} --stanza=inframind "
                "archive-push %p'\nmax_connections = 200\nlogging_collector = off\n"
            )
        self.start()
        self.as_postgres(
            "psql", "-q", "-h", self.root, "-p", str(self.port), "-v", "database=inframind",
            "-v", f"owner_password={owner_password}", "-v", f"app_password={app_password}",
            "-f", self.root / "roles.sql", "postgres",
        )  # fmt: skip
        self.backrest("stanza-create")

    def _write_backup_configuration(self) -> None:
        text = (DEPLOY / "pgbackrest" / "pgbackrest.conf").read_text(encoding="utf-8")
        for former, here in {
            "/var/lib/pgbackrest": f"{self.root}/repository",
            "/var/spool/pgbackrest": f"{self.root}/spool",
            "/var/lib/postgresql/15/main": str(self.data),
            "pg1-port=5432": f"pg1-port={self.port}\npg1-socket-path={self.root}",
            "[inframind]": f"log-path={self.root}/log\nlock-path={self.root}/log\n\n[inframind]",
        }.items():
            text = text.replace(former, here)
        self.config.write_text(text)
        shutil.copy(DEPLOY / "roles.sql", self.root / "roles.sql")

    def as_postgres(self, *command: str | Path) -> str:
        return run("runuser", "-u", "postgres", "--", *command, cwd=self.root)

    def backrest(self, *command: str) -> str:
        return self.as_postgres("pgbackrest", f"--config={self.config}", "--stanza=inframind", *command)

    def start(self) -> None:
        self.as_postgres(
            self.binaries / "pg_ctl",
            "-D",
            self.data,
            "-l",
            self.root / "server.log",
            "-w",
            "-t",
            "120",
            "start",
        )

    def stop(self) -> None:
        self.as_postgres(self.binaries / "pg_ctl", "-D", self.data, "-w", "-m", "fast", "stop")

    def kill(self) -> None:
        """Kill the server with SIGKILL, and wait until its memory is free."""
        pid = int((self.data / "postmaster.pid").read_text().split()[0])
        os.kill(pid, signal.SIGKILL)
        wait_for("the server process ends", lambda: not _alive(pid))
        time.sleep(1)

    def restore(self) -> None:
        """Put the last backup and all archived log into an empty data directory."""
        shutil.rmtree(self.data)
        self.data.mkdir(mode=0o700)
        shutil.chown(self.data, "postgres", "postgres")
        self.backrest("restore")

    def ask(self, sql: str) -> list[str]:
        """Rows of one column, read by the superuser."""
        out = self.as_postgres("psql", "-qAt", "-h", self.root, "-p", str(self.port), "-c", sql, "inframind")
        return out.split()

    def url(self, role: str, password: str) -> str:
        return f"postgresql://{role}:{password}@127.0.0.1:{self.port}/inframind"


class PgBouncer:
    """A connection pooler in transaction mode in front of the server, with fewer connections than clients."""

    def __init__(self, root: Path, port: int, server: PostgreSQL, role: str, password: str) -> None:
        self.root, self.port, self.role, self.password = root, port, role, password
        root.mkdir(parents=True)
        (root / "users.txt").write_text(f'"{role}" "{password}"\n')
        (root / "pgbouncer.ini").write_text(
            f"[databases]\ninframind = host=127.0.0.1 port={server.port}\n\n"
            f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n"
            f"auth_type = scram-sha-256\nauth_file = {root}/users.txt\n"
            "pool_mode = transaction\ndefault_pool_size = 6\nmax_client_conn = 200\n"
        )
        for path in (root, root / "users.txt", root / "pgbouncer.ini"):
            shutil.chown(path, "postgres", "postgres")
        (root / "users.txt").chmod(0o600)
        self.start()

    def start(self) -> None:
        with (self.root / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                ["runuser", "-u", "postgres", "--", "pgbouncer", str(self.root / "pgbouncer.ini")],
                stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip

    def kill(self) -> None:
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    @property
    def url(self) -> str:
        return f"postgresql://{self.role}:{self.password}@127.0.0.1:{self.port}/inframind"


class Redis:
    def __init__(self, root: Path, port: int) -> None:
        self.root, self.port = root, port
        root.mkdir(parents=True)
        shutil.chown(root, "redis", "redis")
        self.start()

    def start(self) -> None:
        with (self.root / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                ["runuser", "-u", "redis", "--", "redis-server", "--port", str(self.port), "--dir", str(self.root),
                 "--appendonly", "yes", "--bind", "127.0.0.1"],
                stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip

    def kill(self) -> None:
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"


class Nginx:
    """The site of deploy/nginx with a certificate of its own, on other ports."""

    def __init__(self, root: Path, port: int, servers: tuple[int, int]) -> None:
        self.root, self.port = root, port
        root.mkdir(parents=True)
        run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={HOST}",
            "-addext", f"subjectAltName=DNS:{HOST}", "-keyout", root / "tls.key", "-out", root / "tls.crt")  # fmt: skip
        site = (DEPLOY / "nginx" / "inframind.conf").read_text(encoding="utf-8")
        for former, here in {
            "/etc/ssl/inframind": str(root),
            "listen 443": f"listen {port}",
            "listen [::]:443": f"listen [::1]:{port}",
            "listen 80": f"listen {port + 1}",
            "listen [::]:80": f"listen [::1]:{port + 1}",
            "127.0.0.1:8001": f"127.0.0.1:{servers[0]}",
            "127.0.0.1:8002": f"127.0.0.1:{servers[1]}",
        }.items():
            site = site.replace(former, here)
        (root / "site.conf").write_text(site)
        (root / "nginx.conf").write_text(
            f"user www-data;\nworker_processes 2;\npid {root}/nginx.pid;\nerror_log {root}/error.log;\n"
            f"events {{}}\nhttp {{ access_log off; include {root}/site.conf; }}\n"
        )
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            ["nginx", "-c", str(self.root / "nginx.conf"), "-g", "daemon off;"], start_new_session=True
        )

    def kill(self) -> None:
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
