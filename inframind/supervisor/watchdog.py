"""The watchdog of `make run`: ends what a killed supervisor leaves running.

It is a process in a session of its own, at the other end of a pipe. The supervisor writes the process group of each
process that it starts, and a last line when it ends in order. When the pipe closes without that line, the supervisor
was killed: the watchdog waits for the processes to end, kills those that do not, and gives up the servers.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from inframind.supervisor import file_locks, startup_errors

IN_ORDER = "in order"
# The kernel has asked them to end (processes.end_with_parent).
PATIENCE_SECONDS = 15
KILL_SECONDS = 5
# PostgreSQL may need a minute to stop.
TAKE_OVER_SECONDS = 90


def take_over(data_dir: Path) -> file_locks.FileLock:
    """The lock that a watchdog holds while it lives; waits for that of a killed run.

    Raises StartFault when that one does not end.
    """
    lock = file_locks.FileLock(data_dir / "watchdog.lock")
    until = time.monotonic() + TAKE_OVER_SECONDS
    while not lock.try_exclusive():
        if time.monotonic() > until:
            raise startup_errors.StartFault(
                f"processes of a run that was killed do not end. {_log(data_dir)} says which."
            )
        time.sleep(0.1)
    return lock


class Watchdog:
    """The supervisor's end of the pipe."""

    def __init__(self, data_dir: Path, configured: Sequence[str], lock: file_locks.FileLock) -> None:
        _log(data_dir).parent.mkdir(parents=True, exist_ok=True)
        with _log(data_dir).open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "inframind.supervisor.watchdog", str(data_dir), *configured],
                bufsize=0,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,
                # The lock is free when the last process that inherited it is gone.
                pass_fds=[lock.fileno()],
            )
        lock.close()

    def add(self, group: int) -> None:
        """Have a process group killed after the supervisor was."""
        self._write(str(group))

    def end(self) -> None:
        """Say that everything ended in order."""
        self._write(IN_ORDER)
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(KILL_SECONDS)

    def _write(self, line: str) -> None:
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):
            self._process.stdin.write(f"{line}\n".encode())


@contextmanager
def watching(data_dir: Path, configured: Sequence[str], lock: file_locks.FileLock) -> Iterator[Watchdog]:
    """A watchdog over what is started inside."""
    watchdog = Watchdog(data_dir, configured, lock)
    try:
        yield watchdog
    finally:
        watchdog.end()


def main(data_dir: Path, configured: Sequence[str]) -> None:
    """Wait for the end of the supervisor, and end what it left unless it ended in order."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    groups: set[int] = set()
    for line in sys.stdin:
        if line.strip() == IN_ORDER:
            return
        # One that is gone is forgotten, because its number may be used again.
        groups = {int(line), *filter(_lives, groups)}
    print(f"The supervisor was killed; ending {sorted(groups)} and the servers.", flush=True)
    _end(groups)
    _give_up_servers(data_dir, configured)


def _end(groups: Iterable[int]) -> None:
    left = _wait(groups, PATIENCE_SECONDS)
    for group in left:
        print(f"Process group {group} has not ended by itself and is killed.", flush=True)
        with suppress(ProcessLookupError):
            os.killpg(group, signal.SIGKILL)
    _wait(left, KILL_SECONDS)


def _wait(groups: Iterable[int], seconds: float) -> list[int]:
    """Wait for the end of process groups; returns those that are left after `seconds`."""
    until = time.monotonic() + seconds
    while (left := list(filter(_lives, groups))) and time.monotonic() < until:
        time.sleep(0.1)
    return left


def _lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except (ProcessLookupError, PermissionError):
        # The number may be another user's by now.
        return False
    return True


def _give_up_servers(data_dir: Path, configured: Sequence[str]) -> None:
    # Imported only now, so that the process is small while it waits.
    from inframind.supervisor import servers

    lease = servers.lease_of(data_dir, configured)
    if lease is not None:
        lease.release()


def _log(data_dir: Path) -> Path:
    return data_dir / "logs" / "watchdog.log"


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
