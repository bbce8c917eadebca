"""The parameters in force, and how they came to be (section 3)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from protocol.parameters import DEFAULTS, to_json
from staking.measurement.live import open_epoch
from staking.models import ParameterSet

LONGEST_HISTORY = 200


@dataclass(frozen=True, slots=True)
class Version:
    """A version: since when, by which proposal (None: the network's start), and what it changed, old and new."""

    version: int
    from_epoch: int
    proposal: int | None
    created_at: datetime
    changes: dict[str, tuple[Any, Any]]


@dataclass(frozen=True, slots=True)
class InForce:
    """The version in force (0 before the network's first start) in the doors' format; `history` newest first."""

    version: int
    values: dict[str, Any]
    history: tuple[Version, ...]


def in_force() -> InForce:
    """The parameters of the open epoch, and the newest versions, those that are yet to come too."""
    epoch = open_epoch()
    version, params = (0, DEFAULTS) if epoch is None else (epoch.version, epoch.params)
    return InForce(version, to_json(params), tuple(_history()))


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
