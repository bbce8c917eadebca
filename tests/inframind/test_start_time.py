"""Commands import what they need and no more: a start takes as long as its imports."""

from __future__ import annotations

import subprocess
import sys

import pytest

NOT_NEEDED = {
    "celery",
    "kombu",
    "rich.console",
    "plotly",
    "requests",
    "httpx",
    "drf_spectacular.openapi",
    "inframind.urls",
}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("command", "most"), [("rank", 800), ("settle", 880)])
def test_a_management_command_imports_half_of_the_site(process_environment, command, most):
    modules = imported("manage.py", command, environment=process_environment)
    assert sorted(NOT_NEEDED & modules) == []
    assert len(modules) <= most


def test_the_help_of_the_client_imports_no_network_and_no_tables():
    modules = imported("-m", "infra", "--help")
    assert not {"httpx", "rich.console", "coincurve", "Crypto", "django"} & modules
    assert len(modules) <= 220


def imported(*command: str, environment: dict[str, str] | None = None) -> set[str]:
    """The modules that a run of Python with these arguments imports."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", *command],
        check=False,
        capture_output=True,
        text=True,
        env=environment,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    lines = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
    return {line.rpartition("|")[2].strip() for line in lines}
