"""Every module that bypasses Django names the benchmark that justifies it."""

from __future__ import annotations

import ast
import re

from tests.docs.document import DOCS, ROOT, table

PACKAGES = ("postgres", "ledger", "staking", "oracle", "delegation", "governance", "settlement")
BYPASSES = ("Prepared(", "from_row(", "binary_copy import")
FIGURES = {row["figure"] for row in table((DOCS / "benchmarks.md").read_text(), "| figure | floor |")}


def bypassing() -> dict[str, str]:
    """The docstring of each module that uses one of BYPASSES."""
    modules = {}
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            text = path.read_text()
            if any(bypass in text for bypass in BYPASSES):
                modules[str(path.relative_to(ROOT))] = ast.get_docstring(ast.parse(text)) or ""
    return modules


def test_a_module_that_bypasses_django_names_a_measured_figure() -> None:
    modules = bypassing()
    assert len(modules) > 8
    cited = {name: re.findall(r"^Figure: (.+)$", text, re.MULTILINE) for name, text in modules.items()}
    assert {name: figures for name, figures in cited.items() if len(figures) != 1} == {}
    assert {name for name, (figure,) in cited.items() if figure not in FIGURES} == set()
