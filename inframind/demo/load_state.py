"""How far the demo network is loaded: a file in the data directory, which every process of the site can read.

It exists from before the first row is written until the network is complete, so one that a killed run has left says
that the load has to begin anew.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from inframind.supervisor import paths


@dataclass(frozen=True, slots=True)
class Progress:
    """`epochs` of `total` epochs are settled."""

    epochs: int
    total: int


def progress() -> Progress | None:
    """The progress of an unfinished load into this database; None when there is none."""
    try:
        state = json.loads(_file().read_text())
    except FileNotFoundError:
        return None
    return Progress(state["epochs"], state["total"]) if state["database"] == _database() else None


def record(epochs: int, total: int) -> None:
    paths.make_folder(_file().parent)
    state = {"database": _database(), "epochs": epochs, "total": total}
    paths.write_private(_file(), json.dumps(state))


def finish() -> None:
    """Forget the load: the network is complete, or is used as it is."""
    _file().unlink(missing_ok=True)


def _file() -> Path:
    return Path(settings.DATA_DIR) / "stamps" / "demo-load.json"


def _database() -> str:
    # The URL may hold a password.
    return hashlib.sha256(settings.DATABASE_URL.encode()).hexdigest()
