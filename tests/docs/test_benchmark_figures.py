"""Modules that bypass the ORM name a figure of docs/benchmarks.md as their reason."""

from __future__ import annotations

import re

from tests.docs.document import ROOT
from tests.docs.test_words import python_files

FIGURE = re.compile(r"^Figure: (.+)$", re.MULTILINE)


def test_each_figure_that_a_module_names_is_in_the_benchmarks() -> None:
    rows = (ROOT / "docs" / "benchmarks.md").read_text().splitlines()
    measured = [row.split("|")[1] for row in rows if row.startswith("| ")]
    figures = {
        (path.relative_to(ROOT), name) for path in python_files() for name in FIGURE.findall(path.read_text())
    }
    assert len(figures) > 10
    assert {(path, name) for path, name in figures if not any(name in row for row in measured)} == set()
