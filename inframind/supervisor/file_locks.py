"""File locks that die with their holder, so that nothing counted on disk can go stale."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from inframind.supervisor import paths


class FileLock:
    """One flock on one file; released by close(), or by the kernel when the process is gone."""

    def __init__(self, path: Path) -> None:
        paths.make_folder(path.parent)
        try:
            self._handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise paths.not_writable(path.parent, error) from error

    def wait_exclusive(self) -> None:
        fcntl.flock(self._handle, fcntl.LOCK_EX)

    def wait_shared(self) -> None:
        fcntl.flock(self._handle, fcntl.LOCK_SH)

    def try_exclusive(self) -> bool:
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def fileno(self) -> int:
        return self._handle

    def write(self, text: str) -> None:
        os.ftruncate(self._handle, 0)
        os.pwrite(self._handle, text.encode(), 0)

    def read(self) -> str:
        return os.pread(self._handle, 4096, 0).decode()

    def close(self) -> None:
        os.close(self._handle)


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Hold `path` exclusively; others wait."""
    lock = FileLock(path)
    try:
        lock.wait_exclusive()
        yield
    finally:
        lock.close()
