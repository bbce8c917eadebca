"""`/parameters/`: every number the DAO decides on, its bounds, and how it came to be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from governance.pages.parameter_labels import (
    GROUPS,
    Value,
    flat,
    rules_of,
    show,
    title,
    value_of,
    word,
)
from staking.selectors.parameters import Version, in_force


@dataclass(frozen=True, slots=True)
class Change:
    """One number of a version: old and new in words."""

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
            row | {"minimum": show("minimum", row["minimum"]), "quorum": word(row["quorum"])}
            for row in current.values["tiers"]
        ],
        "offences": [row | {"effect": word(row["effect"])} for row in current.values["offences"]],
        "history": [(version, changes_of(version)) for version in current.history],
    }
    return render(request, "governance/parameters.html", context)


def groups_of(values: dict[str, Any]) -> list[tuple[str, list[tuple[Value, str]]]]:
    """The plain numbers by group, each with the joint rule that it stands under."""
    return [
        (str(group.title), [(value_of(name, values[name]), rules_of(name)) for name in group.names])
        for group in GROUPS
    ]


def changes_of(version: Version) -> list[Change]:
    """What a version changed, number by number."""
    old = dict(flat({name: before for name, (before, _) in version.changes.items()}))
    new = dict(flat({name: after for name, (_, after) in version.changes.items()}))
    return [
        Change(key, title(key), show(key, old[key]), show(key, value))
        for key, value in new.items()
        if old[key] != value
    ]
