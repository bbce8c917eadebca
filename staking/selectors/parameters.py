"""The parameters in force, and the history of their changes (section 3)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from protocol.parameters import DEFAULTS, to_json
from staking.models import ParameterSet
from staking.services.epochs import open_epoch

LONGEST_HISTORY = 200


@dataclass(frozen=True, slots=True)
class Version:
    """A version of the parameters: its first epoch, its proposal (None: the first version), and (old, new) by name."""

    version: int
    from_epoch: int
    proposal: int | None
    created_at: datetime
    changes: dict[str, tuple[Any, Any]]


@dataclass(frozen=True, slots=True)
class ParametersInForce:
    """The version in force (0 before the network's first start), values in the API's format, `history` newest first."""

    version: int
    values: dict[str, Any]
    history: tuple[Version, ...]


def in_force() -> ParametersInForce:
    """The parameters of the open epoch, and the newest versions, scheduled ones included."""
    epoch = open_epoch()
    version, params = (0, DEFAULTS) if epoch is None else (epoch.version, epoch.params)
    return ParametersInForce(version, to_json(params), tuple(_history()))


def _history() -> list[Version]:
    sets = list(ParameterSet.objects.order_by("-version")[: LONGEST_HISTORY + 1])
    formers = [*sets[1:], None]
    return [_version(newer, former) for newer, former in zip(sets, formers, strict=False)][:LONGEST_HISTORY]


def _version(newer: ParameterSet, former: ParameterSet | None) -> Version:
    before = newer.values if former is None else former.values
    changes = {
        name: (before.get(name), value) for name, value in newer.values.items() if before.get(name) != value
    }
    return Version(newer.version, newer.from_epoch, newer.proposal, newer.created_at, changes)
