"""`/parameters/`: the parameters in force with their bounds and history."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from governance.pages.parameter_labels import (
    GROUPS,
    Value,
    code_label,
    show,
    title,
    value_of,
)
from protocol.parameters import numbers_of
from staking.selectors.parameters import Version, in_force


@dataclass(frozen=True, slots=True)
class Change:
    """A changed parameter: formatted old and new value."""

    key: str
    label: str
    old: str
    new: str


@require_safe
def parameters(request: HttpRequest) -> HttpResponse:
    current = in_force()
    context = {
        "version": current.version,
        "groups": groups_of(current.values),
        "tiers": [
            row | {"minimum": show("minimum", row["minimum"]), "quorum": code_label(row["quorum"])}
            for row in current.values["tiers"]
        ],
        "offences": [row | {"effect": code_label(row["effect"])} for row in current.values["offences"]],
        "history": [(version, changes_of(version)) for version in current.history],
    }
    return render(request, "governance/parameters.html", context)


def groups_of(values: dict[str, Any]) -> list[tuple[str, list[Value]]]:
    """Return the parameters outside the tables by group."""
    return [(str(group.title), [value_of(name, values[name]) for name in group.names]) for group in GROUPS]


def changes_of(version: Version) -> list[Change]:
    """Return the changes of a version."""
    old = dict(numbers_of({name: before for name, (before, _) in version.changes.items()}))
    new = dict(numbers_of({name: after for name, (_, after) in version.changes.items()}))
    return [
        Change(key, title(key), show(key, old[key]), show(key, value))
        for key, value in new.items()
        if old[key] != value
    ]
