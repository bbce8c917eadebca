"""The parameters of the network (section 3): the set, its API format, and changes to it.

In JSON amounts are decimal strings of IFM and all else integers; the two tables are lists of
objects, in which a change may name only the rows (by `number` or `name`) and numbers it moves.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from typing import Any, Final

from protocol.amounts import format_amount, parse_amount
from protocol.bounds import (
    AMOUNTS,
    BOUNDS,
    JOINT_BOUNDS,
    TABLE_BOUNDS,
    bounds_to_json,
    check_bound,
    check_joint_bounds,
    least_unbonding_seconds,
)
from protocol.errors import AmountInvalid, ParameterOutOfBounds
from protocol.parameter_set import DEFAULTS, Parameters, classes_of_tier, minimum_tier_of_class
from protocol.tables import JOB_CLASSES, OFFENCE_NAMES, Effect, Offence, Quorum, Tier

__all__ = [
    "AMOUNTS",
    "BOUNDS",
    "DEFAULTS",
    "JOB_CLASSES",
    "JOINT_BOUNDS",
    "OFFENCE_NAMES",
    "PARAMETER_NAMES",
    "TABLE_BOUNDS",
    "Effect",
    "Offence",
    "Parameters",
    "Quorum",
    "Tier",
    "apply_changes",
    "bounds_to_json",
    "classes_of_tier",
    "from_json",
    "least_unbonding_seconds",
    "minimum_tier_of_class",
    "numbers_of",
    "to_json",
    "unchanged",
]

PARAMETER_NAMES: Final = tuple(field.name for field in fields(Parameters))
TABLES: Final = {"tiers": "number", "offences": "name"}


def to_json(params: Parameters) -> dict[str, Any]:
    """The whole set in the API's format; `from_json` reads it back."""
    shown: dict[str, Any] = {
        name: _number_to_json(name, getattr(params, name)) for name in PARAMETER_NAMES if name not in TABLES
    }
    shown["tiers"] = [_row_to_json(tier) for tier in params.tiers]
    shown["offences"] = [_row_to_json(offence) for offence in params.offences]
    return shown


def from_json(values: Mapping[str, Any]) -> Parameters:
    """Read a whole set as `to_json` wrote it; a name that is absent has its default.

    Bounds are not checked, so that a set stored under former bounds stays readable.
    Raises ParameterOutOfBounds for unknown names and values of another type.
    """
    return _replaced(DEFAULTS, values, bounded=False)


def apply_changes(params: Parameters, changes: Mapping[str, Any]) -> Parameters:
    """The set with changes (API format) applied, or an error (section 3, R47).

    Raises ParameterOutOfBounds, with the name and the bound, for an unknown name, a value of
    another type, one outside its bound, or a set whose parameters do not fit together.
    """
    changed = _replaced(params, changes, bounded=True)
    check_joint_bounds(changed, changes)
    return changed


def numbers_of(values: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield (key, value) of every number in a set or in changes (API format); in a table "tiers.1.minimum"."""
    for name, value in values.items():
        if name not in TABLES:
            yield name, value
            continue
        for row in value:
            for column in TABLE_BOUNDS:
                if column in row:
                    yield f"{name}.{row[TABLES[name]]}.{column}", row[column]


def unchanged(params: Parameters, changes: Mapping[str, Any]) -> list[str]:
    """Return the keys of changes that name the value in force, and of rows that name no number (R47).

    `changes` are valid: `apply_changes` accepts them.
    """
    before = dict(numbers_of(to_json(params)))
    after = dict(numbers_of(to_json(apply_changes(params, changes))))
    same = [key for key, _ in numbers_of(changes) if before[key] == after[key]]
    empty = [
        f"{table}.{row[key]}"
        for table, key in TABLES.items()
        for row in changes.get(table, ())
        if not TABLE_BOUNDS.keys() & row.keys()
    ]
    return same + empty


def _replaced(params: Parameters, values: Mapping[str, Any], *, bounded: bool) -> Parameters:
    read: dict[str, Any] = {}
    for name, value in values.items():
        if name in TABLES:
            read[name] = _read_table(name, getattr(params, name), value, bounded=bounded)
        elif name in BOUNDS:
            read[name] = _read_number(name, value, BOUNDS[name], name in AMOUNTS, bounded=bounded)
        else:
            raise ParameterOutOfBounds(
                f"Name a parameter that exists: {str(name)[:64]} is none.", field=str(name)[:64]
            )
    return replace(params, **read)


def _read_number(name: str, value: Any, bound: tuple[int, int | None], amount: bool, *, bounded: bool) -> int:
    number = _read_amount(name, value) if amount else _read_integer(name, value)
    if bounded:
        check_bound(name, number, bound, amount)
    return number


def _read_amount(name: str, value: Any) -> int:
    try:
        return parse_amount(value)
    except AmountInvalid as error:
        raise ParameterOutOfBounds(
            f"Enter {name} as a decimal string of IFM. {error.detail}", field=name
        ) from error


def _read_integer(name: str, value: Any) -> int:
    # bool is an int to Python, and not to anybody who proposes a change.
    if type(value) is not int:
        raise ParameterOutOfBounds(f"Enter {name} as an integer.", field=name)
    return value


def _read_table(table: str, rows: tuple[Any, ...], value: Any, *, bounded: bool) -> tuple[Any, ...]:
    if not isinstance(value, list | tuple) or not value:
        raise ParameterOutOfBounds(f"Enter {table} as a list of rows.", field=table)
    changed = {getattr(row, TABLES[table]): row for row in rows}
    for item in value:
        key = item.get(TABLES[table]) if isinstance(item, Mapping) else None
        if not isinstance(key, int | str) or isinstance(key, bool) or key not in changed:
            raise ParameterOutOfBounds(
                f"Name each row of {table} by its {TABLES[table]}: {', '.join(map(str, changed))}.",
                field=table,
            )
        changed[key] = _read_row(table, changed[key], item, bounded=bounded)
    return tuple(changed.values())


def _read_row(table: str, row: Any, changes: Mapping[str, Any], *, bounded: bool) -> Any:
    shown = _row_to_json(row)
    read: dict[str, int] = {}
    for name, value in changes.items():
        if name in TABLE_BOUNDS and name in shown:
            read[name] = _read_number(name, value, TABLE_BOUNDS[name], name == "minimum", bounded=bounded)
        elif name not in shown or shown[name] != value:
            raise ParameterOutOfBounds(
                f"Change only the numbers of {table}: {str(name)[:64]} is none of them.", field=table
            )
    return replace(row, **read)


def _number_to_json(name: str, number: int) -> int | str:
    return format_amount(number) if name in AMOUNTS else number


def _row_to_json(row: Tier | Offence) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    for field in fields(row):
        value = getattr(row, field.name)
        if value is None:
            continue
        shown[field.name] = list(value) if isinstance(value, tuple) else value
    if isinstance(row, Tier):
        shown["minimum"] = format_amount(row.minimum)
    return shown
