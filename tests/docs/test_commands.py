"""Commands that the documentation names exist."""

from __future__ import annotations

import re

from django.core.management import get_commands

from tests.docs.document import DOCS, ROOT

PAGES = [
    *sorted(DOCS.glob("*.md")),
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    DOCS.parent / "bench" / "README.md",
]


def named(pattern: str) -> set[str]:
    return {name for page in PAGES for name in re.findall(pattern, page.read_text(encoding="utf-8"))}


def test_every_target_of_make_exists():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    used = named(r"`make ([a-z-]+)")
    assert len(used) > 10
    assert used <= targets


def test_every_management_command_exists():
    used = named(r"manage\.py ([a-z_]+)")
    assert len(used) > 10
    assert used <= set(get_commands())
