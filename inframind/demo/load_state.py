"""Progress of loading the demo network: a file in the data directory for each database, which every process of the site
can read.

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
        return Progress(**json.loads(_file().read_text()))
    except FileNotFoundError:
        return None


def record(epochs: int, total: int) -> None:
    paths.make_folder(_file().parent)
    paths.write_private(_file(), json.dumps({"epochs": epochs, "total": total}))


def finish() -> None:
    """Forget the load: the network is complete, or is used as it is."""
    _file().unlink(missing_ok=True)


def _file() -> Path:
    # The URL may hold a password.
    database = hashlib.sha256(settings.DATABASE_URL.encode()).hexdigest()
    return Path(settings.DATA_DIR) / "stamps" / f"demo-load-{database[:16]}.json"
