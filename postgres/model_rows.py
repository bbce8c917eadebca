"""Model instances from rows that a prepared statement returned.

`Model.__init__` takes longer than the server takes to find the row, so the instance is built without it.
"""

from __future__ import annotations

from functools import cache
from typing import Any, TypeVar

from django.db import DEFAULT_DB_ALIAS, models
from django.db.models.base import ModelState

M = TypeVar("M", bound=models.Model)


@cache
def columns(model: type[models.Model], without: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Column names of a model in the order of its fields."""
    return tuple(str(f.column) for f in model._meta.concrete_fields if f.attname not in without)


def from_row(model: type[M], row: tuple[Any, ...], without: tuple[str, ...] = ()) -> M:
    """The instance of a row that has the values of `columns(model, without)`; wide integers become int.

    Fields named in `without` are deferred: Django loads them at their first use.
    """
    names, wide = _fields(model, without)
    instance = model.__new__(model)
    values = vars(instance)
    values.update(zip(names, row, strict=True))
    for name in wide:
        values[name] = int(values[name])
    instance._state = ModelState()
    instance._state.adding = False
    instance._state.db = DEFAULT_DB_ALIAS
    return instance


@cache
def _fields(model: type[models.Model], without: tuple[str, ...]) -> tuple[tuple[str, ...], frozenset[str]]:
    fields = [f for f in model._meta.concrete_fields if f.attname not in without]
    wide = frozenset(f.attname for f in fields if isinstance(f, models.DecimalField))
    return tuple(f.attname for f in fields), wide
