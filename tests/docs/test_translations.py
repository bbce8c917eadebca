"""Every text of pages has its German: the catalog has each text that templates and modules translate."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from gettext import GNUTranslations
from pathlib import Path

from inframind.environment import PROJECT_ROOT
from tests.docs.document import root_packages

CATALOG = PROJECT_ROOT / "locale" / "de" / "LC_MESSAGES" / "django.mo"
# The text of a tag, in either quotes.
TAG = re.compile(r"""\{%\s*translate\s+(?:"([^"]*)"|'([^']*)')""")
TRANSLATE = {"gettext", "gettext_lazy", "gettext_noop", "ngettext", "ngettext_lazy"}


def test_the_texts_of_templates_are_translated() -> None:
    # A percent sign stands doubled in the catalog.
    texts = {
        (one or other).replace("%", "%%")
        for path in (PROJECT_ROOT / "templates").rglob("*.html")
        for one, other in TAG.findall(path.read_text())
    }
    assert len(texts) > 500
    assert sorted(texts - translated()) == []


def test_the_texts_of_modules_are_translated() -> None:
    paths = [path for package in root_packages() for path in (PROJECT_ROOT / package).rglob("*.py")]
    texts = {text for path in paths for text in translatable(path)}
    assert len(texts) > 500
    assert sorted(texts - translated()) == []


def translated() -> set[str]:
    """The texts of the catalog; of a plural, the singular."""
    with CATALOG.open("rb") as file:
        catalog: dict[str | tuple[str, int], str] = vars(GNUTranslations(file))["_catalog"]
    return {key if isinstance(key, str) else key[0] for key, text in catalog.items() if text}


def translatable(path: Path) -> Iterator[str]:
    """The constant texts that a module hands to gettext."""
    source = path.read_text()
    if "gettext" not in source:
        return
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in TRANSLATE:
            first = node.args[0]
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                yield first.value
