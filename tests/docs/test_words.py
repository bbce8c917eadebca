"""Words that are not used: names and prose say the field's own word instead (CONTRIBUTING)."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.document import ROOT

# Trees whose texts are read; generated and vendored files are nobody's wording.
TREES = (
    "bench", "chain", "chain_sync", "delegation", "deploy", "docs", "governance", "identity", "infra", "inframind",
    "ledger", "locale", "notifications", "oracle", "postgres", "protocol", "retention", "scripts", "settlement",
    "staking", "static", "templates", "tests", "web",
)  # fmt: skip
FILES = (
    "README.md", "CONTRIBUTING.md", "CHANGELOG.md", "Makefile", "pyproject.toml", "conftest.py", "manage.py",
)  # fmt: skip
SUFFIXES = {
    "", ".conf", ".css", ".example", ".html", ".js", ".md", ".po", ".py", ".service", ".sh", ".sql", ".target",
    ".timer", ".vy", ".yaml", ".yml",
}  # fmt: skip
GENERATED = ("static/vendor", "docs/vectors")

# Nobody says these of software, so they are wrong wherever they stand.
METAPHORS = re.compile(
    r"\b(rooms|roofs?|cellars?|doors?|wish(es)?|shel(f|ves)|courses?|accusations?|backers?|charge[sd]?|face[sd]?|houses?)\b",
    re.IGNORECASE,
)
ALLOWED = re.compile(
    r"of course|in the course of|typeface|face value|@font-face|clearing house", re.IGNORECASE
)

# A variable is named after its content, and these say how it was obtained.
NOT_NAMES = {"asked", "found", "given", "kept", "room", "said", "told"}
# The field's own words: 404, a promise that was kept, the room under a cap.
ALLOWED_NAMES = {"METHOD_NOT_FOUND", "NotFound", "not_found", "page_not_found"}
ALLOWED_IN = {
    "kept": {
        "staking/api/commitments.py", "staking/api/node_schemas.py", "staking/api/nodes.py",
        "staking/models/commitment_sql.py", "staking/pages/leaderboard_filters.py",
        "staking/pages/leaderboard_query.py", "staking/selectors/commitments.py", "staking/selectors/node_figures.py",
        "staking/selectors/node_query.py", "tests/staking/test_commitments.py",
    },
    "room": {
        "delegation/pages/compare.py", "delegation/selectors/plans.py", "protocol/plan_offers.py", "protocol/plans.py",
        "settlement/redelegations.py", "staking/api/node_schemas.py", "staking/api/nodes.py",
        "staking/pages/leaderboard_query.py", "staking/selectors/node_figures.py", "staking/selectors/node_query.py",
        "staking/services/admission.py", "tests/protocol/test_plans.py", "tests/staking/api/test_node_list.py",
    },
    "given": {"delegation/api/serializers.py"},  # a field of the statement in the API
}  # fmt: skip


def texts() -> Iterator[Path]:
    yield from (ROOT / name for name in FILES)
    for tree in TREES:
        for path in sorted((ROOT / tree).rglob("*")):
            generated = path.relative_to(ROOT).as_posix().startswith(GENERATED)
            if path.is_file() and path.suffix in SUFFIXES and not generated:
                yield path


def python_files() -> Iterator[Path]:
    return (path for path in texts() if path.suffix == ".py")


def parts(name: str) -> set[str]:
    """The words of a name in any of Python's styles."""
    return set(re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower().split("_"))


def variables(tree: ast.AST) -> Iterator[str]:
    """Names that the code binds or reads from an object: variables, arguments, functions, classes, attributes."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.arg | ast.keyword) and node.arg:
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
        for name in set(variables(ast.parse(path.read_text()))) - ALLOWED_NAMES
        for word in parts(name) & NOT_NAMES
        if not name.startswith("test_") and path.relative_to(ROOT).as_posix() not in ALLOWED_IN.get(word, ())
    }
    assert sorted(used) == []


@pytest.mark.parametrize(
    "code", ["_found = 1", "KEPT_ROWS = 1", "a.was_told", "f(given=1)", "class Asked: pass"]
)
def test_the_words_of_a_name_are_compared(code: str) -> None:
    assert any(parts(name) & NOT_NAMES for name in variables(ast.parse(code)))


def test_each_exception_is_still_needed() -> None:
    for word, files in ALLOWED_IN.items():
        for file in files:
            names = set(variables(ast.parse((ROOT / file).read_text())))
            assert any(word in parts(name) for name in names), (word, file)


@pytest.mark.parametrize("text", ["the oracle's door", "DOORS = ()", "a_wish = 1", "on the shelf"])
def test_the_list_of_metaphors_matches(text: str) -> None:
    assert METAPHORS.search(text.replace("_", " "))
