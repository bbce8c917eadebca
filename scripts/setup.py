#!/usr/bin/env python3
"""Sets .venv up with what requirements/LEVEL.txt pins, and the project itself; does nothing when that is done.

Runs on a bare Python with its standard library alone. Installs with uv where one works, else with a uv put into
.venv, else with pip; every file is checked against its hash.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
OLDEST = (3, 11)


def main(level: str) -> None:
    if sys.version_info < OLDEST:
        version = ".".join(map(str, sys.version_info[:3]))
        sys.exit(f"Python 3.11 or newer is needed, this is {version}. Name one: make PYTHON=python3.11")
    stamp = VENV / f"{level}.done"
    wanted = _digest(level)
    if _read(stamp) == wanted:
        return
    with (ROOT / ".setup.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if _read(stamp) == wanted:
            return
        print(f"Setting up .venv ({level}) …", flush=True)
        _make_venv()
        _install("--require-hashes", "-r", str(ROOT / "requirements" / "setup.txt"))
        _install("--require-hashes", "-r", str(ROOT / "requirements" / f"{level}.txt"))
        _install("--no-deps", "--no-build-isolation", "--editable", str(ROOT))
        _compile()
        stamp.write_text(wanted)


def _digest(level: str) -> str:
    """Digest of all that the present setup depends on: this place and Python, the pins, the project's own metadata."""
    digest = hashlib.sha256(f"{ROOT} {sys.version}".encode())
    for path in ("requirements/setup.txt", f"requirements/{level}.txt", "pyproject.toml", "scripts/setup.py"):
        digest.update((ROOT / path).read_bytes())
    return digest.hexdigest()


def _read(stamp: Path) -> str:
    return stamp.read_text() if stamp.exists() else ""


def _make_venv() -> None:
    if _made_here():
        return
    shutil.rmtree(VENV, ignore_errors=True)
    if subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=False).returncode:
        shutil.rmtree(VENV, ignore_errors=True)
        sys.exit(
            f"{sys.executable} cannot make a virtual environment. On Debian and Ubuntu: apt install "
            "python3-venv. Or name another one: make PYTHON=python3.12"
        )


def _made_here() -> bool:
    """True if .venv works and was created in this directory; the scripts of a moved one contain the old path."""
    pip = VENV / "bin" / "pip"
    probe = "import pip, sys; sys.exit(sys.version_info < (3, 11))"
    placed = pip.exists() and pip.read_text(errors="replace").startswith(f"#!{VENV}/")
    return placed and _succeeds(str(PYTHON), "-c", probe)


def _install(*arguments: str) -> None:
    """Install with the fastest installer that works here."""
    quiet = ("install", "--quiet", *arguments)
    uv = _working_uv()
    if uv and _succeeds(uv, "pip", *quiet, "--python", str(PYTHON)):
        return
    pip = [str(PYTHON), "-m", "pip", *quiet]
    if subprocess.run(pip, check=False, cwd=ROOT).returncode:
        sys.exit(f"The setup failed at: {' '.join(pip)}")


def _compile() -> None:
    """Compile what is installed, once: where PYTHONDONTWRITEBYTECODE is set, each process would do it again.

    Packages hold files of other Pythons, which do not compile here.
    """
    command = [str(PYTHON), "-m", "compileall", "-q", "-j", "0", str(VENV / "lib")]
    subprocess.run(command, check=False, capture_output=True)


@cache
def _working_uv() -> str | None:
    own = str(VENV / "bin" / "uv")
    for uv in (shutil.which("uv"), own):
        if uv and _succeeds(uv, "--version"):
            return uv
    pins = str(ROOT / "requirements" / "setup.txt")
    _succeeds(str(PYTHON), "-m", "pip", "install", "--require-hashes", "-r", pins)
    return own if _succeeds(own, "--version") else None


def _succeeds(*command: str) -> bool:
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(command, capture_output=True, check=False, cwd=ROOT, env=environment)
    except OSError:
        return False
    return done.returncode == 0


if __name__ == "__main__":
    main(sys.argv[1])
