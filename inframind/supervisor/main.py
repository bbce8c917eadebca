"""`make run`: the whole network under one process.

Started in order: PostgreSQL, Valkey, tables, static files, then web, worker, the worker of the pulse and beat, and on a
devnet the development chain once the site answers. On the first run of a devnet web is started before the demo network
is loaded and shows the progress; the others follow when it is complete. Stopped in the order web, beat, workers, chain,
Valkey, PostgreSQL. When one of them but the chain ends by itself, all end, and the exit status is not 0. When this
process is killed, its watchdog ends the others.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from types import FrameType
from typing import Any

import django

from inframind import environment
from inframind.supervisor import file_locks, probes, servers, startup_errors, watchdog
from inframind.supervisor.development_chain import DevelopmentChain, is_installed, is_wanted
from inframind.supervisor.processes import Child, end_with_parent
from inframind.supervisor.watchdog import Watchdog

HOST = "127.0.0.1"
WEB_PATIENCE_SECONDS = 90
SERVERS_EVERY_SECONDS = 2.0
STOP_ORDER = ("web", "beat", "worker", "pulse")


class Stop(BaseException):
    """A signal asks us to end."""


class Signals:
    """The first signal ends the run, a second one while we stop makes us stop waiting."""

    def __init__(self) -> None:
        self.stopping = False
        self.hurried = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._take)
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
            signal.signal(signal.SIGHUP, self._take)

    def _take(self, number: int, frame: FrameType | None) -> None:
        if self.stopping:
            self.hurried = True
            return
        self.stopping = True
        raise Stop


def main() -> int:
    """Run the network until a signal (0) or until one of its processes ends by itself (1)."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "inframind.settings")
    signals = Signals()
    if "MAKELEVEL" in os.environ:
        end_with_parent(os.getppid())
    with startup_errors.report_startup_errors():
        settings = environment.load()
        if not settings["DATABASE_URL"]:
            servers.require_own(settings["INFRAMIND_DATA_DIR"])
        data_dir: Path = settings["INFRAMIND_DATA_DIR"]
        configured = [name for name in ("DATABASE_URL", "REDIS_URL") if settings[name]]
        claim = _claim(data_dir, settings["PORT"])
        try:
            lock = watchdog.take_over(data_dir)
            _require_port(settings["PORT"])
            with watchdog.watching(data_dir, configured, lock) as watch:
                return _run(settings, configured, signals, watch)
        except Stop:
            return 0
        finally:
            signals.stopping = True
            claim.close()


def _claim(data_dir: Path, port: int) -> file_locks.FileLock:
    claim = file_locks.FileLock(data_dir / "up.lock")
    if not claim.try_exclusive():
        raise startup_errors.StartFault(
            f"it is already running on the data in {data_dir} ({claim.read()}). "
            "Stop that one, or set INFRAMIND_DATA_DIR and PORT for a second network."
        )
    claim.write(f"process {os.getpid()}, {_address(port)}")
    return claim


def _require_port(port: int) -> None:
    if not probes.port_is_free(HOST, port):
        raise startup_errors.StartFault(f"port {port} is taken by another program. Set PORT to a free one.")


def _run(settings: dict[str, Any], configured: list[str], signals: Signals, watch: Watchdog) -> int:
    data_dir: Path = settings["INFRAMIND_DATA_DIR"]
    if "DATABASE_URL" in configured:
        probes.require_database(settings["DATABASE_URL"])
    if "REDIS_URL" in configured:
        probes.require_broker(settings["REDIS_URL"])
    _say(f"InfraMind {settings['INFRAMIND_NETWORK']}, data in {data_dir}")
    with servers.in_use(data_dir, configured) as lease:
        _prepare(settings)
        children = _children(settings, watch)
        child_environment = _child_environment(settings)
        chain = DevelopmentChain(settings, watch.add) if is_wanted(settings) and is_installed() else None
        try:
            _fill_network(settings, children["web"], child_environment)
            for child in children.values():
                if child.process is None:
                    child.start(child_environment)
            return _watch(children, chain, settings, lease)
        finally:
            signals.stopping = True
            _say("Stopping …")
            for process in (*(children[name] for name in STOP_ORDER), chain):
                if process is not None:
                    process.stop(lambda: signals.hurried)


def _prepare(settings: dict[str, Any]) -> None:
    django.setup()
    from inframind.supervisor import prepare

    prepare.check()
    if prepare.migrate():
        _say("The tables are up to date.")
    prepare.require_ready()
    if prepare.collect_static():
        _say("The static files are collected.")


def _fill_network(settings: dict[str, Any], web: Child, child_environment: dict[str, str]) -> None:
    """Load the demo network where it is due, with the site up to show the progress, or open the first epoch."""
    from inframind.supervisor import prepare

    on_devnet = settings["INFRAMIND_NETWORK"] == "devnet"
    if on_devnet and settings["INFRAMIND_DEMO"] and prepare.demo_is_due():
        _say("Loading the demo network, once (INFRAMIND_DEMO=0 starts empty) …")
        prepare.begin_demo()
        web.start(child_environment)
        _say(f"Meanwhile the site on port {settings['PORT']} shows the progress.")
        prepare.load_demo(lambda epochs: _report_load(epochs, web))
    prepare.keep_network()
    prepare.open_first_epoch()
    prepare.let_go()


def _report_load(epochs: int, web: Child) -> None:
    if web.exit_status() is not None:
        raise startup_errors.StartFault(
            f"the web process ended by itself ({web.exit_status()}). Its log ends with:\n{web.last_lines()}"
        )
    if epochs % 10 == 0:
        _say(f"{epochs} epochs are settled.")


def _children(settings: dict[str, Any], watch: Watchdog) -> dict[str, Child]:
    data_dir: Path = settings["INFRAMIND_DATA_DIR"]
    python = [sys.executable, "-m"]
    celery = [*python, "celery", "-A", "inframind.celery:app", "--skip-checks", "--quiet"]
    web = [*python, "inframind.serve"]
    worker = [*celery, "worker", "--concurrency", str(settings["INFRAMIND_TASK_WORKERS"])]
    lean = ["--without-gossip", "--without-mingle", "--loglevel", "WARNING"]
    worker += ["--queues", "settlement,celery", *lean]
    pulse = [*celery, "worker", "--pool", "solo", "--queues", "pulse", "--hostname", "pulse@%h", *lean]
    beat = [*celery, "beat", "--loglevel", "WARNING", "--pidfile", ""]
    logs = data_dir / "logs"
    commands = {"web": (web, 20), "worker": (worker, 60), "pulse": (pulse, 10), "beat": (beat, 10)}
    return {
        name: Child(name, command, logs / f"{name}.log", patience_seconds=patience, started=watch.add)
        for name, (command, patience) in commands.items()
    }


def _watch(
    children: dict[str, Child],
    chain: DevelopmentChain | None,
    settings: dict[str, Any],
    lease: servers.Lease | None,
) -> int:
    is_up = False
    began = looked = time.monotonic()
    while True:
        ended = next((child for child in children.values() if child.exit_status() is not None), None)
        if ended is not None:
            _say(f"The {ended.name} process ended by itself ({ended.exit_status()}). Its log ends with:")
            _say(ended.last_lines())
            return 1
        if is_up and chain is not None and (status := chain.watch(os.environ)) is not None:
            _say(f"The development chain ended by itself ({status}) and is started again; the site goes on.")
        if not is_up and _answers(settings):
            is_up = True
            _say(f"The site is at {_address(settings['PORT'])} (logs in {children['web'].log.parent}).")
            _say("Ctrl-C stops everything.")
        if not is_up and time.monotonic() - began > WEB_PATIENCE_SECONDS:
            _say(f"The site does not answer. Its log ends with:\n{children['web'].last_lines()}")
            return 1
        if lease is not None and time.monotonic() - looked > SERVERS_EVERY_SECONDS:
            looked = time.monotonic()
            lease.revive()
        time.sleep(0.1)


def _child_environment(settings: dict[str, Any]) -> dict[str, str]:
    """All share one folder of counters, emptied first, which the site's /metrics shows."""
    folder: Path = settings["INFRAMIND_DATA_DIR"] / "metrics"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(folder), "INFRAMIND_METRICS_PORT": "0"}


def _answers(settings: dict[str, Any]) -> bool:
    hosts = [host.lstrip(".") for host in settings["ALLOWED_HOSTS"] if host != "*"] or [HOST]
    request = urllib.request.Request(f"{_address(settings['PORT'])}/healthz", headers={"Host": hosts[0]})
    try:
        with urllib.request.urlopen(request, timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def _address(port: int) -> str:
    return f"http://{HOST}:{port}"


def _say(sentence: str) -> None:
    try:
        print(sentence, flush=True)
    except BrokenPipeError:
        # Standard output is closed; the run still ends in order.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
