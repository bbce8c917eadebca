"""A proposal as it is typed, and the changes that it asks for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.http import QueryDict

from governance.pages.parameter_labels import TABLES, flat, plain
from governance.selectors.replays import Effect
from protocol.bounds import AMOUNTS
from protocol.errors import ProtocolError
from protocol.parameters import Parameters, to_json

LONGEST_VALUE = 32


@dataclass(slots=True)
class Draft:
    """A proposal as it is typed: `typed` holds the numbers that differ from those in force, by key."""

    title: str
    body: str
    typed: dict[str, str]
    changes: dict[str, Any] = field(default_factory=dict)
    refusal: ProtocolError | None = None
    effect: Effect | None = None

    @property
    def fields(self) -> dict[str, str]:
        return {"title": self.title, "body": self.body, **self.typed}


def read_draft(data: QueryDict, params: Parameters) -> Draft:
    """What was typed, and as changes in the door format what of it differs from the numbers in force."""
    current = dict(flat(to_json(params)))
    typed = {}
    for key, value in current.items():
        text = data.get(key, "").strip()[:LONGEST_VALUE]
        if text and text != plain(value):
            typed[key] = text
    body = data.get("body", "").replace("\r\n", "\n").strip()
    return Draft(data.get("title", "").strip(), body, typed, _changes(typed))


def _changes(typed: dict[str, str]) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    rows: dict[str, dict[str, dict[str, Any]]] = {table: {} for table in TABLES}
    for key, text in typed.items():
        table, _, rest = key.partition(".")
        if table not in TABLES:
            changes[key] = _typed(key, text)
            continue
        row, _, column = rest.rpartition(".")
        name: Any = int(row) if table == "tiers" else row
        rows[table].setdefault(row, {TABLES[table]: name})[column] = _typed(column, text)
    return changes | {table: list(found.values()) for table, found in rows.items() if found}


def _typed(name: str, text: str) -> Any:
    """An amount stays text and an integer becomes one; what is neither goes on as text and is refused by the rules."""
    if name in AMOUNTS or name == "minimum":
        return text
    digits = text.removeprefix("-")
    return int(text) if digits.isascii() and digits.isdigit() else text
