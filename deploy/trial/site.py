"""The network under trial: releases, two hosts, genesis, and who acts on it."""

from __future__ import annotations

import json
import secrets
import shutil
import subprocess
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from deploy.trial.report import wait_for
from deploy.trial.servers import HOST, Nginx, PgBouncer, PostgreSQL, Redis, run
from deploy.trial.traffic import CHAIN_ID, Node, Site
from deploy.trial.units import Host
from protocol.addresses import checksum

PROJECT = Path(__file__).resolve().parents[2]
OPERATOR, DELEGATOR = "0x" + "0a" * 20, "0x" + "0b" * 20
WEB_PORTS = (18001, 18002)
METRICS_TOKEN = "trial-metrics"
# An epoch of a minute, so that ten of them pass.
PARAMETERS = {
    "epoch_seconds": 60, "ranking_seconds": 60, "heartbeat_slot_seconds": 10, "unbonding_seconds": 180,
}  # fmt: skip


def previous_commit() -> str:
    """The commit that an upgrade starts from: the latest tag, else the first commit with the tables of this one.

    This commit itself where the history is not there, as in a shallow clone.
    """
    tag = subprocess.run(
        ["git", "-C", PROJECT, "describe", "--tags", "--abbrev=0", "HEAD^"],
        capture_output=True,
        text=True,
        check=False,
    )
    if tag.returncode == 0:
        return tag.stdout.strip()
    tables = ("log", "-1", "--format=%h", "--", "*/migrations/*")
    return run("git", "-C", PROJECT, *tables).strip() or "HEAD"


class Network:
    def __init__(self, root: Path) -> None:
        self.root = root
        self.passwords = {"owner": secrets.token_hex(16), "app": secrets.token_hex(16)}
        self.postgres = PostgreSQL(root / "postgres", 15432)
        self.postgres.create(self.passwords["owner"], self.passwords["app"])
        self.pgbouncer = PgBouncer(
            root / "pgbouncer", 16432, self.postgres, "inframind_app", self.passwords["app"]
        )
        self.redis = Redis(root / "redis", 16379)
        self.nginx = Nginx(root / "nginx", 18443, WEB_PORTS)
        self.hosts = [self._host(number) for number in range(2)]
        self.nodes = [Node(number) for number in range(8)]

    def _host(self, number: int) -> Host:
        """A host; the first reaches PostgreSQL itself, the second through pgbouncer."""
        pooled = number == 1
        common = {
            "INFRAMIND_NETWORK": "production", "INFRAMIND_CHAIN_ID": str(CHAIN_ID), "ALLOWED_HOSTS": HOST,
            "SECRET_KEY": self.secret_key, "REDIS_URL": self.redis.url, "INFRAMIND_PROXIES": "1",
            "DATABASE_URL": self.pgbouncer.url
            if pooled
            else self.postgres.url("inframind_app", self.passwords["app"]),
            "INFRAMIND_PREPARED_STATEMENTS": "off" if pooled else "on",
            "INFRAMIND_METRICS_TOKEN": METRICS_TOKEN, "INFRAMIND_METRICS_PORT": str(18101 + number),
            "INFRAMIND_WEB_WORKERS": "1",
        }  # fmt: skip
        host = Host(self.root / f"host{number + 1}", common)
        owner = self.postgres.url("inframind_owner", self.passwords["owner"])
        (host.root / "etc" / "owner").write_text(f"DATABASE_URL={owner}\n")
        return host

    @property
    def secret_key(self) -> str:
        path = self.root / "secret_key"
        if not path.exists():
            path.write_text(secrets.token_urlsafe(50))
        return path.read_text()

    def make_release(self, ref: str) -> Path:
        """A commit's files, with the pinned requirements in an environment of their own; both hosts use it."""
        name = run("git", "-C", PROJECT, "rev-parse", "--short", ref).strip()
        number = len(list((self.root / "releases").glob("*")))
        release = self.root / "releases" / f"{number}-{name}"
        release.mkdir(parents=True)
        archive = subprocess.run(["git", "-C", PROJECT, "archive", ref], capture_output=True, check=True)
        subprocess.run(["tar", "-x", "-C", release], input=archive.stdout, check=True)
        uv = shutil.which("uv", path=str(PROJECT / ".venv" / "bin")) or "uv"
        run(uv, "venv", "--quiet", "--python", "/usr/bin/python3", release / ".venv")
        run(uv, "pip", "install", "--quiet", "--require-hashes", "--python", release / ".venv" / "bin" / "python",
            "-r", release / "requirements" / "production.txt")  # fmt: skip
        return release

    def services(self, number: int) -> tuple[str, ...]:
        web = f"inframind-web@{WEB_PORTS[number]}"
        return web, "inframind-worker", "inframind-pulse", "inframind-beat"

    def migrate(self, release: Path) -> None:
        """As `systemctl start inframind-migrate`, on each host for its static files."""
        for host in self.hosts:
            host.use_release("next", release)
            host.run("migrate", "--noinput", "--verbosity", "0", unit="inframind-migrate")
            host.run("collectstatic", "--noinput", "--verbosity", "0", unit="inframind-migrate")

    def genesis(self) -> None:
        start = datetime.now(UTC) + timedelta(seconds=60)
        file = self.root / "genesis.json"
        content = {
            "network": "production", "chain_id": CHAIN_ID, "start": f"{start:%Y-%m-%dT%H:%M:%SZ}",
            "parameters": PARAMETERS, "treasury": "1000",
            "allocations": [{"wallet": checksum(wallet), "amount": "100000"} for wallet in (OPERATOR, DELEGATOR)],
        }  # fmt: skip
        file.write_text(json.dumps(content))
        shown = self.hosts[0].run("genesis", str(file), "--check")
        digest = next(word for line in shown.splitlines() if "igest" in line for word in line.split()[::-1])
        self.hosts[0].run("genesis", str(file), "--confirm", digest)

    def client(self, *arguments: str) -> Site:
        token = self.hosts[0].run("token", *arguments) if arguments else ""
        return Site(self.nginx.port, self.nginx.root / "tls.crt", token)

    def register(self) -> None:
        """Eight nodes with stake, each with a delegation."""
        operator, delegator = self.client(OPERATOR), self.client(DELEGATOR)
        for node in self.nodes:
            address = checksum(node.address)
            body = {"address": address, "name": f"trial {node.number}", "region": "eu-west", "hardware": {}}
            operator.must("POST", "/api/v1/nodes", body)
            operator.must("POST", f"/api/v1/nodes/{address}/stake", {"amount": "2500"})
            delegator.must("POST", f"/api/v1/nodes/{address}/delegate", {"amount": "100"})

    def wait_ready(self, number: int) -> None:
        """Wait until the web server of a host is ready, and nginx sends it requests again."""
        wait_for("the web server is ready", lambda: _ready(WEB_PORTS[number]))
        # nginx leaves a server that did not answer alone for a second.
        time.sleep(2)

    def open_epoch(self) -> int:
        return int(self.postgres.ask("SELECT number FROM staking_epoch WHERE status = 'open'")[0])

    def recorded(self) -> set[str]:
        return set(self.postgres.ask("SELECT job_id FROM staking_jobkey"))

    def settle_next(self) -> None:
        """Wait until two more epochs are settled: one that began before now, and one after."""
        until = self.open_epoch() + 2
        wait_for(f"epoch {until} opens", lambda: self.open_epoch() >= until, patience=240)

    def stop(self) -> None:
        for host in self.hosts:
            host.stop_all()
        self.nginx.kill()
        self.redis.kill()
        self.pgbouncer.kill()
        self.postgres.stop()


def _ready(port: int) -> bool:
    try:
        with urlopen(f"http://127.0.0.1:{port}/readyz", timeout=3) as answer:
            return bool(answer.status == 200)
    except (URLError, TimeoutError):
        return False
