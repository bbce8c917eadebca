"""Words that are not used: names and prose say the field's own word instead (CONTRIBUTING)."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.document import ROOT

PACKAGES = (
    "bench", "chain", "chain_sync", "delegation", "governance", "identity", "infra", "inframind", "ledger",
    "notifications", "oracle", "postgres", "protocol", "retention", "scripts", "settlement", "staking", "tests", "web",
)  # fmt: skip
TEXTS = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "Makefile", "pyproject.toml")

# Nobody says these of software, so they are wrong wherever they stand.
METAPHORS = re.compile(
    r"\b(rooms|roofs?|cellars?|doors?|wish(es)?|shel(f|ves)|courses?|accusations?|backers?|face[sd]?|houses?)\b",
    re.IGNORECASE,
)
ALLOWED = re.compile(
    r"of course|in the course of|typeface|face value|@font-face|clearing house", re.IGNORECASE
)

# A variable is named after its content, and these name how it was come by.
NOT_NAMES = {"found", "asked", "given", "told", "kept"}
# The decorator of hypothesis and a sum of the statement; the state of a commitment.
ALLOWED_NAMES = {"given", "kept"}


def python_files() -> Iterator[Path]:
    for package in PACKAGES:
        yield from sorted((ROOT / package).rglob("*.py"))


def texts() -> Iterator[Path]:
    yield from python_files()
    yield from (ROOT / name for name in TEXTS)
    yield from sorted((ROOT / "docs").glob("*.md"))
    yield from sorted((ROOT / "templates").rglob("*.html"))
    yield from sorted((ROOT / "static").glob("*.js"))


def variables(tree: ast.AST) -> Iterator[str]:
    """Names that the code binds: variables, arguments, functions, classes."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name


def test_no_text_uses_a_metaphor() -> None:
    used = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}"
        for path in texts()
        if path != Path(__file__).resolve()
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if METAPHORS.search(ALLOWED.sub("", line.replace("_", " ")))
    ]
    assert used == []


def test_no_variable_is_named_after_how_it_was_obtained() -> None:
    used = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in python_files()
        for name in variables(ast.parse(path.read_text()))
        if name in NOT_NAMES - ALLOWED_NAMES
    }
    assert sorted(used) == []


@pytest.mark.parametrize("text", ["the oracle's door", "DOORS = ()", "a_wish = 1", "on the shelf"])
def test_the_list_of_metaphors_matches(text: str) -> None:
    assert METAPHORS.search(text.replace("_", " "))
