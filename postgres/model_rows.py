"""Model instances from the rows of prepared statements.

`Model.__init__` takes longer than the server takes to read the row, so the instance is built without it.

Figure: delegate and undelegate, 8 clients
"""

from __future__ import annotations

from functools import cache
from typing import Any, TypeVar

from django.db import DEFAULT_DB_ALIAS, models
from django.db.models.base import ModelState

M = TypeVar("M", bound=models.Model)
N = TypeVar("N", bound=models.Model)


@cache
def columns(model: type[models.Model], deferred: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Column names of a model in the order of its fields, without the deferred ones."""
    return tuple(str(f.column) for f in model._meta.concrete_fields if f.attname not in deferred)


def from_row(model: type[M], row: tuple[Any, ...], deferred: tuple[str, ...] = ()) -> M:
    """The instance for a row with the values of `columns(model, deferred)`; wide integers become int.

    Django loads a deferred field at its first use.
    """
    names, wide = _fields(model, deferred)
    instance = model.__new__(model)
    attributes = vars(instance)
    attributes.update(zip(names, row, strict=True))
    for name in wide:
        attributes[name] = int(attributes[name])
    instance._state = ModelState()
    instance._state.adding = False
    instance._state.db = DEFAULT_DB_ALIAS
    return instance


def pair_from_row(
    first: type[M], second: type[N], row: tuple[Any, ...], deferred: tuple[str, ...] = ()
) -> tuple[M, N]:
    """The instances for a row with the columns of `first`, without the deferred ones, and then those of `second`."""
    width = len(columns(first, deferred))
    return from_row(first, row[:width], deferred), from_row(second, row[width:])


@cache
def _fields(model: type[models.Model], deferred: tuple[str, ...]) -> tuple[tuple[str, ...], frozenset[str]]:
    fields = [f for f in model._meta.concrete_fields if f.attname not in deferred]
    wide = frozenset(f.attname for f in fields if isinstance(f, models.DecimalField))
    return tuple(f.attname for f in fields), wide
