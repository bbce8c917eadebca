"""A proposal as entered in the form, and its changes in the format of the API."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.http import QueryDict

from governance.pages.parameter_labels import plain
from governance.selectors.replays import Effect
from protocol.bounds import AMOUNTS
from protocol.errors import ProtocolError
from protocol.parameters import TABLES, Parameters, numbers_of, to_json

MAX_VALUE = 32


@dataclass(slots=True)
class Draft:
    """A proposal as entered; `entered` holds the texts that differ from the values in force, by key."""

    title: str
    body: str
    entered: dict[str, str]
    changes: dict[str, Any] = field(default_factory=dict)
    refusal: ProtocolError | None = None
    effect: Effect | None = None

    @property
    def fields(self) -> dict[str, str]:
        return {"title": self.title, "body": self.body, **self.entered}


def read_draft(data: QueryDict, params: Parameters) -> Draft:
    """Read the form; values equal to those in force are left out of the changes."""
    current = dict(numbers_of(to_json(params)))
    entered = {}
    for key, value in current.items():
        text = data.get(key, "").strip()[:MAX_VALUE]
        if text and text != plain(value):
            entered[key] = text
    body = data.get("body", "").replace("\r\n", "\n").strip()
    return Draft(data.get("title", "").strip(), body, entered, _changes(entered))


def _changes(entered: dict[str, str]) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    rows: dict[str, dict[str, dict[str, Any]]] = {table: {} for table in TABLES}
    for key, text in entered.items():
        table, _, rest = key.partition(".")
        if table not in TABLES:
            changes[key] = _typed(key, text)
            continue
        row, _, column = rest.rpartition(".")
        name: Any = int(row) if table == "tiers" else row
        rows[table].setdefault(row, {TABLES[table]: name})[column] = _typed(column, text)
    return changes | {table: list(changed.values()) for table, changed in rows.items() if changed}


def _typed(name: str, text: str) -> Any:
    """Return an integer, or the text of an amount or of an invalid number, which the rules refuse."""
    if name in AMOUNTS or name == "minimum":
        return text
    digits = text.removeprefix("-")
    return int(text) if digits.isascii() and digits.isdigit() else text
