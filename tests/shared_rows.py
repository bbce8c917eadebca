"""Rows that tests of a module share: written once, inside a transaction around that of each test.

A test's own transaction is then a savepoint: what it writes is undone, and the shared rows stay for the next one.
Objects of Python are copied for each test. Not for tests that commit, or need others to see what they write.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from inspect import signature
from typing import Any, TypeVar

import pytest
from django.db import connection, transaction

from web.models import DataChange

T = TypeVar("T")

_builders: dict[tuple[str, str], Builder] = {}
_levels: list[Level] = []
_values: dict[str, Any] = {}


@dataclass(frozen=True, slots=True)
class Builder:
    """Writes shared rows: the function under a fixture's name."""

    name: str
    build: Callable[..., Any]
    fixture: Any


@dataclass(slots=True)
class Level:
    """An open transaction with the rows of one builder, and the values of this builder and of those before it."""

    builder: Builder
    block: transaction.Atomic
    values: dict[str, Any]


def shared(build: Callable[..., T]) -> Callable[..., T]:
    """A fixture of the name of `build`, which writes rows and returns what tests need to use them.

    `build` is called once for all tests of a module that follow one another, before the other fixtures of the first
    one; each test receives a copy of what it returned. Its parameters name other shared fixtures.
    """
    name = build.__name__

    @pytest.fixture(name=name)
    def fixture(db: None) -> T:
        value: T = _values[name]
        return value

    fixture.__doc__ = build.__doc__
    _builders[build.__module__, name] = Builder(name, build, fixture)
    return fixture


def builders(module: str, fixtures: Iterable[str]) -> tuple[Builder, ...]:
    """Return the builders of a test's shared rows, in the order of their dependencies."""
    chain: dict[Builder, None] = {}
    for name in fixtures:
        chain |= dict.fromkeys(_chain(module, name))
    return tuple(sorted(chain, key=lambda builder: len(list(_chain(module, builder.name)))))


def _chain(module: str, name: str) -> Iterator[Builder]:
    """The builder under a fixture's name, if it has one, after those that it builds upon."""
    builder = _builder(module, name)
    if builder is not None:
        for parameter in signature(builder.build).parameters:
            yield from _chain(module, parameter)
        yield builder


def _builder(module: str, name: str) -> Builder | None:
    """As pytest finds fixtures: in the module, then in the conftest.py of its folder and of those above."""
    parts = module.split(".")
    for place in (module, *(".".join([*parts[:end], "conftest"]) for end in range(len(parts) - 1, 0, -1))):
        if hasattr(sys.modules.get(place), name):
            return _builders.get((place, name))
    return None


def switch(chain: Iterable[Builder]) -> None:
    """Have the rows of these builders, and of no others, in open transactions."""
    wanted = list(chain)
    while _levels and not (_is_whole() and _is_part_of(wanted)):
        _end_last()
    if _levels:
        # Caches of this process belong to the rows of the test before.
        DataChange.objects.create()
    for builder in wanted[len(_levels) :]:
        _begin(builder)
    _values.clear()
    if _levels:
        _values.update(deepcopy(_levels[-1].values))


def end() -> None:
    """Undo all shared rows."""
    while _levels:
        _end_last()


def _is_part_of(wanted: list[Builder]) -> bool:
    return [level.builder for level in _levels] == wanted[: len(_levels)]


def _is_whole() -> bool:
    """True if the transactions survived the last test, which may have closed the connection."""
    return connection.connection is not None and connection.in_atomic_block and not connection.needs_rollback


def _begin(builder: Builder) -> None:
    values = deepcopy(_levels[-1].values) if _levels else {}
    block = transaction.atomic()
    # As Django marks the transaction of a test: a durable one may be inside.
    block._from_testcase = True  # type: ignore[attr-defined]
    block.__enter__()
    _levels.append(Level(builder, block, values))
    try:
        arguments = {name: values[name] for name in signature(builder.build).parameters}
        values[builder.name] = builder.build(**arguments)
        connection.check_constraints()
    except BaseException:
        end()
        raise


def _end_last() -> None:
    level = _levels.pop()
    if connection.in_atomic_block:
        transaction.set_rollback(True)
        level.block.__exit__(None, None, None)
