"""The development chain under `make run`: a process beside the site, started after it and restarted when it dies.

Nothing waits for it, and its end does not end the site.
"""

from __future__ import annotations

import importlib.util
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from inframind.supervisor import probes
from inframind.supervisor.processes import Child

HOST = "127.0.0.1"
# 8545, where wallets look for a development chain, beside a site on port 8000.
PORT_DISTANCE = 545
MIN_PAUSE_SECONDS, MAX_PAUSE_SECONDS = 1.0, 300.0
NICENESS = 5


def is_wanted(settings: Mapping[str, Any]) -> bool:
    """True if `make run` starts a development chain: on a devnet that names no other one."""
    on_devnet = settings["INFRAMIND_NETWORK"] == "devnet"
    return on_devnet and settings["INFRAMIND_CHAIN_EMBEDDED"] and not settings["INFRAMIND_CHAIN_RPC"]


def is_installed() -> bool:
    """True if py-evm is there (extra `embedded`)."""
    return importlib.util.find_spec("eth") is not None


class DevelopmentChain:
    """Keeps one chain process alive, with pauses that double while it keeps dying."""

    def __init__(self, settings: Mapping[str, Any], started: Callable[[int], None] | None = None) -> None:
        self._settings = settings
        self._process_started = started
        self._folder: Path = settings["INFRAMIND_DATA_DIR"] / "chain"
        self._child: Child | None = None
        self._pause = MIN_PAUSE_SECONDS
        self._started_at = self._due_at = 0.0

    def watch(self, environment: Mapping[str, str]) -> int | None:
        """Start the process when it is due; returns its exit status once when it has ended."""
        now = time.monotonic()
        if self._child is None:
            if now >= self._due_at:
                self._start(environment, now)
            return None
        status = self._child.exit_status()
        if status is None:
            return None
        self._child = None
        # A process that had worked for a while is started again at once.
        self._pause = MIN_PAUSE_SECONDS if now - self._started_at > MAX_PAUSE_SECONDS else self._pause * 2
        self._due_at = now + min(self._pause, MAX_PAUSE_SECONDS)
        return status

    def stop(self, hurried: Callable[[], bool]) -> None:
        if self._child is not None:
            self._child.stop(hurried)

    def _start(self, environment: Mapping[str, str], now: float) -> None:
        port = self._settings["PORT"] + PORT_DISTANCE
        if port > 65535 or not probes.port_is_free(HOST, port):
            port = 0
        command = [sys.executable, "-m", "chain.devnet", "--data-dir", str(self._folder), "--port", str(port)]
        command += ["--chain-id", str(self._settings["INFRAMIND_CHAIN_ID"])]
        log = self._settings["INFRAMIND_DATA_DIR"] / "logs" / "chain.log"
        self._child = Child("chain", command, log, 10, NICENESS, self._process_started)
        self._child.start(environment)
        self._started_at = now
