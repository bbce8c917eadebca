"""Reading docs/*.md in tests: headings, anchors, links and tables."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PROTOCOL = DOCS / "protocol.md"
GLOSSARY = DOCS / "glossary.md"

HEADING = re.compile(r"^#{1,6} (.+)$", re.MULTILINE)
LINK = re.compile(r"\]\(([^)\s]+)\)")
# What commands write beside the sources (.gitignore).
GENERATED = {"__pycache__", "build", "dist", "node_modules", "sbom.json", "staticfiles", "test-results"}


def project_files() -> Iterator[Path]:
    """Every file of the project, without those that commands write; of the hidden folders `.ci` alone."""
    for top in ROOT.iterdir():
        if top.name.startswith(".") and top.name != ".ci":
            continue
        for path in sorted(top.rglob("*")) if top.is_dir() else [top]:
            if path.is_file() and not GENERATED.intersection(path.relative_to(ROOT).parts):
                yield path


def import_linter() -> dict[str, Any]:
    """The packages and contracts of import-linter in pyproject.toml."""
    options: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    return options


def root_packages() -> list[str]:
    return list(import_linter()["root_packages"])


def anchor(heading: str) -> str:
    """The anchor that GitHub and GitLab make of a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def anchors(text: str) -> set[str]:
    return {anchor(heading) for heading in HEADING.findall(text)}


def broken_links(path: Path, text: str) -> Iterator[str]:
    """Links in a document to files that do not exist, or to anchors that their document does not have."""
    for target in LINK.findall(text):
        if "://" in target or target.startswith("mailto:"):
            continue
        name, _, fragment = target.partition("#")
        file = path.parent / name if name else path
        if not file.exists() or (fragment and fragment not in anchors(file.read_text())):
            yield f"{path.name}: {target}"


def section(text: str, heading: str) -> str:
    """The text under a heading, up to the next heading of its level or above."""
    level = heading.partition(" ")[0]
    _, heading_line, rest = text.partition(f"\n{heading}\n")
    assert heading_line, f"{heading} is missing"
    return re.split(rf"^#{{1,{len(level)}}} ", rest, maxsplit=1, flags=re.MULTILINE)[0]


def table(text: str, header: str) -> list[dict[str, str]]:
    """The rows of the table whose header row begins with the columns of `header`, by column name."""
    lines = iter(text.splitlines())
    for line in lines:
        if line.startswith(header):
            columns = cells(line)
            next(lines)
            break
    else:
        raise AssertionError(f"no table begins with {header}")
    rows = []
    for line in lines:
        if not line.startswith("|"):
            break
        rows.append(dict(zip(columns, cells(line), strict=True)))
    return rows


def cells(line: str) -> list[str]:
    """The cells of a table row, without the marks of code."""
    return [cell.strip().replace("`", "") for cell in line.strip().strip("|").split("|")]
