"""The folder for the counters of a service's processes. No import of prometheus_client before `use`."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"


def use(kind: str) -> None:
    """Name a folder in the environment, for this process and its children; one that is named already is used as is.

    A folder made here is removed when this process ends.
    """
    if os.environ.get(VARIABLE):
        return
    folder = tempfile.mkdtemp(prefix=f"inframind-metrics-{kind}-")
    os.environ[VARIABLE] = folder
    maker = os.getpid()
    atexit.register(lambda: shutil.rmtree(folder, ignore_errors=True) if os.getpid() == maker else None)
