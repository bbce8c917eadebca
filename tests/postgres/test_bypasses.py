"""Every module that bypasses Django names the benchmark that justifies it, or what the ORM has no form for."""

from __future__ import annotations

import ast
import re

import pytest

from tests.docs.document import DOCS, ROOT, root_packages, table

BYPASS = re.compile(r"Prepared\(|from_row\(|binary_copy import")
# Statements that write; of reads and of comments there is no list.
RAW_WRITE = re.compile(
    r"\b(INSERT INTO [a-z_{]+ |UPDATE [a-z]+_[a-z_{]+ |DELETE FROM [a-z_{]+ |COPY [a-z]+_[a-z_]+ \()"
)
FIGURES = {row["figure"] for row in table((DOCS / "benchmarks.md").read_text(), "| figure | floor |")}
# The development chain's own SQLite file, and the client, which has no database.
ELSEWHERE = ("chain/devnet/", "infra/")


def modules() -> dict[str, str]:
    paths = (path for package in root_packages() for path in sorted((ROOT / package).rglob("*.py")))
    texts = {path.relative_to(ROOT).as_posix(): path.read_text() for path in paths}
    return {
        name: text
        for name, text in texts.items()
        if "/migrations/" not in name and not name.startswith(ELSEWHERE)
    }


def labelled(text: str, label: str) -> list[str]:
    """Lines of a module's docstring that begin with a label."""
    return re.findall(rf"^{label}: (.+)$", ast.get_docstring(ast.parse(text)) or "", re.MULTILINE)


def test_a_module_that_bypasses_django_names_a_measured_figure() -> None:
    cited = {name: labelled(text, "Figure") for name, text in modules().items() if BYPASS.search(text)}
    own = {name for name in cited if labelled((ROOT / name).read_text(), "Beyond the ORM")}
    assert len(cited) > 8
    assert {name: figures for name, figures in cited.items() if len(figures) != 1 and name not in own} == {}


def test_each_figure_that_is_named_is_in_the_table() -> None:
    assert {figure for text in modules().values() for figure in labelled(text, "Figure")} <= FIGURES


def test_a_module_that_writes_with_sql_says_what_the_orm_lacks() -> None:
    writing = {name: text for name, text in modules().items() if RAW_WRITE.search(text)}
    assert len(writing) > 12
    reasons = {
        name: labelled(text, "Figure") + labelled(text, "Beyond the ORM") for name, text in writing.items()
    }
    assert sorted(name for name, lines in reasons.items() if not lines) == []


@pytest.mark.parametrize(
    "statement", ["INSERT INTO a_b (c)", "UPDATE a_b SET", "DELETE FROM a_b WHERE", "COPY a_b (c)"]
)
def test_statements_that_write_are_recognised(statement: str) -> None:
    assert RAW_WRITE.search(statement)
