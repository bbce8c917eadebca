"""Real servers and real processes in folders of their own."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from inframind.devnet import locks, places, postgres, valkey
from inframind.environment import PROJECT_ROOT

PATIENCE_SECONDS = 120


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """A data directory; whatever a test left running in it is stopped."""
    folder = Path(tempfile.mkdtemp(prefix="inframind-house-")).resolve()
    folder.chmod(0o711)
    yield folder
    with locks.alone(folder / "servers.lock"):
        valkey.stop(folder)
        if places.cluster(folder).exists():
            postgres.stop(folder)
    shutil.rmtree(folder)


@pytest.fixture
def plain_environment(data_dir: Path) -> dict[str, str]:
    """What a person's shell has, and nothing of this run's own servers."""
    ours = ("DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE", "MAKELEVEL")
    kept = {name: text for name, text in os.environ.items() if name not in ours}
    return {**kept, "INFRAMIND_DATA_DIR": str(data_dir), "INFRAMIND_DEMO": "0", "PORT": str(free_port())}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Running:
    """One process of the project, with what it said."""

    def __init__(self, environment: dict[str, str], *arguments: str) -> None:
        self.environment = environment
        self._said = tempfile.TemporaryFile("w+")  # noqa: SIM115 - lives as long as the process
        self.process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=PROJECT_ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=self._said,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    @property
    def said(self) -> str:
        self._said.seek(0)
        return self._said.read()

    def says(self, words: str) -> None:
        wait_for(lambda: words in self.said or self.process.poll() is not None)
        assert words in self.said, self.said

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def ends(self) -> int:
        try:
            return self.process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            pytest.fail(f"still running; it said:\n{self.said}")


def wait_for(done: Callable[[], bool]) -> None:
    """Give other processes the processor until something they do has happened."""
    until = time.monotonic() + PATIENCE_SECONDS
    while not done():
        assert time.monotonic() < until, "waited in vain"
        os.sched_yield()


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
