"""Real servers and real processes in folders of their own."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from inframind.environment import PROJECT_ROOT
from inframind.supervisor import file_locks, paths, postgres, probes, valkey

PATIENCE_SECONDS = 120


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """A data directory; whatever a test left running in it is stopped."""
    folder = Path(tempfile.mkdtemp(prefix="inframind-test-")).resolve()
    folder.chmod(0o711)
    yield folder
    for process in processes_of(folder):
        if "postgres" not in process.info["name"]:
            with suppress(psutil.NoSuchProcess):
                process.kill()
                process.wait(PATIENCE_SECONDS)
    with file_locks.alone(folder / "servers.lock"):
        valkey.stop(folder)
        if paths.cluster(folder).exists():
            postgres.stop(folder)
    shutil.rmtree(folder)


def processes_of(data_dir: Path) -> list[psutil.Process]:
    """Return the processes that use this data directory or were started for it."""
    attributes = ["name", "cmdline", "environ", "cwd"]
    return [
        process
        for process in psutil.process_iter(attributes)
        if str(data_dir) in f"{process.info['cmdline']} {process.info['cwd']}"
        or (process.info["environ"] or {}).get("INFRAMIND_DATA_DIR") == str(data_dir)
    ]


@pytest.fixture
def plain_environment(data_dir: Path) -> dict[str, str]:
    """Return an environment without the URLs of this run's servers."""
    ours = ("DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE", "MAKELEVEL")
    inherited = {name: text for name, text in os.environ.items() if name not in ours}
    own = {"INFRAMIND_DATA_DIR": str(data_dir), "INFRAMIND_DEMO": "0", "INFRAMIND_CHAIN_EMBEDDED": "off"}
    return {**inherited, **own, "PORT": str(free_port())}


# Below the ports that the kernel gives to connections, else one of them may take a free one before the site does; each
# process of a test run has its own.
_ports = itertools.count(20_000 + os.getpid() % 100 * 100)


def free_port() -> int:
    return next(port for port in _ports if probes.port_is_free("127.0.0.1", port))


class Running:
    """One process of the project, with its output."""

    def __init__(self, environment: dict[str, str], *arguments: str) -> None:
        self.environment = environment
        self.output = ""
        self._heard = threading.Condition()
        self.process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=PROJECT_ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def _listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self._heard:
                self.output += line
                self._heard.notify_all()
        with self._heard:
            self._heard.notify_all()

    def says(self, words: str) -> None:
        """Wait until it has printed this, or has ended."""
        with self._heard:
            self._heard.wait_for(
                lambda: (
                    words in self.output or not self._listener.is_alive() or self.process.poll() is not None
                ),
                PATIENCE_SECONDS,
            )
        assert words in self.output, self.output

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def ends(self) -> int:
        try:
            status = self.process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            pytest.fail(f"still running; its output:\n{self.output}")
        self._listener.join(PATIENCE_SECONDS)
        return status


def wait_for(done: Callable[[], bool]) -> None:
    """Ask until something that other processes do has happened."""
    until, pause = time.monotonic() + PATIENCE_SECONDS, threading.Event()
    while not done():
        assert time.monotonic() < until, "waited in vain"
        pause.wait(0.1)


@pytest.fixture
def run() -> Iterator[Callable[..., Running]]:
    started: list[Running] = []

    def begin(environment: dict[str, str], *arguments: str) -> Running:
        started.append(Running(environment, *arguments))
        return started[-1]

    yield begin
    for running in started:
        if running.process.poll() is None:
            os.killpg(running.process.pid, signal.SIGKILL)
            running.process.wait()
