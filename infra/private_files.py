"""Files that hold a secret: read only when nobody else can, written so that nobody else can."""

from __future__ import annotations

import os
from pathlib import Path

from infra.refusals import Refused

OTHERS = 0o077


def read(path: Path, *, code: str, what: str) -> str:
    """The text of a secret file; refused with `code` when its group or the world may touch it."""
    with open(path, encoding="utf-8") as file:
        # The open file is asked, not its name: a name can be pointed elsewhere in between.
        mode = os.fstat(file.fileno()).st_mode
        if os.name == "posix" and mode & OTHERS:
            raise Refused(
                code,
                f"{what} {path} is open to others (mode {mode & 0o777:04o}). "
                f"Close it with `chmod 600 {path}` and try again.",
            )
        try:
            return file.read()
        except UnicodeDecodeError:
            raise Refused(code, f"{what} {path} is not a text file.") from None


def write(path: Path, text: str) -> None:
    """Replace the file in one step, mode 0600, in a folder of mode 0700."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.parent.chmod(0o700)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(descriptor, "w", encoding="utf-8") as file:
        os.chmod(draft, 0o600)
        file.write(text)
    os.replace(draft, path)
