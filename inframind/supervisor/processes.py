"""The processes of the site, each in a session of its own, started and ended in order."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

PR_SET_PDEATHSIG = 1
LOG_LIMIT_BYTES = 10_000_000
ON_LINUX = sys.platform.startswith("linux")
_libc = ctypes.CDLL(None, use_errno=True) if ON_LINUX else None


@dataclass
class Child:
    """One process: its name, command, log, and how long it may take to end."""

    name: str
    command: Sequence[str]
    log: Path
    patience_seconds: int
    # Added to the scheduling priority: the process gives way to the others.
    niceness: int = 0
    # Receives the process group of each start.
    started: Callable[[int], None] | None = None
    process: subprocess.Popen[bytes] | None = field(default=None)

    def start(self, environment: Mapping[str, str]) -> None:
        self.log.parent.mkdir(parents=True, exist_ok=True)
        if self.log.exists() and self.log.stat().st_size > LOG_LIMIT_BYTES:
            self.log.replace(self.log.with_suffix(".old.log"))
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=_in_child(os.getpid(), self.niceness),
            )
        if self.started is not None:
            self.started(self.process.pid)

    def exit_status(self) -> int | None:
        return self.process.poll() if self.process else None

    def stop(self, hurried: Callable[[], bool]) -> None:
        """Terminate the main process alone, so that it ends its workers in order; then kill the whole group."""
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.terminate()
        until = time.monotonic() + self.patience_seconds
        while self.process.poll() is None and time.monotonic() < until and not hurried():
            time.sleep(0.05)
        self._kill_group()
        self.process.wait()

    def last_lines(self, count: int = 20) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-count:])

    def _kill_group(self) -> None:
        assert self.process is not None
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            return


def end_with_parent(parent: int) -> None:
    """Have the kernel send SIGTERM when the parent ends, however it ended (Linux only)."""
    if _libc is None:
        return
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGTERM)


def follow_parent(parent: int) -> None:
    """Leave Ctrl-C to the parent, which ends this process in order, and end when it was killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with_parent(parent)


def _in_child(parent: int, niceness: int) -> Callable[[], None]:
    def prepare() -> None:
        end_with_parent(parent)
        os.nice(niceness)

    return prepare
