"""A node and its pool under lock, in one statement: what every money operation begins with.

Written as SQL because the ORM spends more time on building these statements than the database on running them.
"""

from __future__ import annotations

from functools import cache
from typing import Any, TypeVar

from django.db import DEFAULT_DB_ALIAS, models
from django.db.models.base import ModelState

from protocol.addresses import checksum
from protocol.errors import NotFound
from staking.ledger.prepared import Prepared
from staking.models import Node, Pool

# Seldom asked of a locked node, and the one column that has to be parsed; loaded when somebody reads it.
DEFERRED = ("hardware",)

M = TypeVar("M", bound=models.Model)


def lock(address: str) -> Node:
    """The node with its pool, locked to the end of the transaction. Raises: `not_found`."""
    row = _statement().row(address=address)
    if row is None:
        raise unknown(address)
    width = len(columns(Node, DEFERRED))
    node = from_row(Node, row[:width], DEFERRED)
    node.pool = from_row(Pool, row[width:])
    return node


def unknown(address: str) -> NotFound:
    """The refusal of an address that no node has."""
    return NotFound(f"No node has the address {checksum(address)}.")


def lock_pair(first: str, second: str) -> tuple[Node, Node]:
    """Two nodes, locked in the order of their addresses whatever the order asked. Raises: `not_found`."""
    held = {address: lock(address) for address in sorted({first, second})}
    return held[first], held[second]


@cache
def columns(model: type[models.Model], without: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Column names of a model in the order of its fields."""
    return tuple(str(f.column) for f in model._meta.concrete_fields if f.attname not in without)


def from_row(model: type[M], row: tuple[Any, ...], without: tuple[str, ...] = ()) -> M:
    """The object of a row read with `columns`; wide integers come as int.

    Put together without Django's constructor, which takes longer than the server takes to find the row.
    """
    names, wide = _fields(model, without)
    made = model.__new__(model)
    kept = vars(made)
    kept.update(zip(names, row, strict=True))
    for name in wide:
        kept[name] = int(kept[name])
    made._state = ModelState()
    made._state.adding = False
    made._state.db = DEFAULT_DB_ALIAS
    return made


@cache
def _fields(model: type[models.Model], without: tuple[str, ...]) -> tuple[tuple[str, ...], frozenset[str]]:
    fields = [f for f in model._meta.concrete_fields if f.attname not in without]
    wide = frozenset(f.attname for f in fields if isinstance(f, models.DecimalField))
    return tuple(f.attname for f in fields), wide


@cache
def _statement() -> Prepared:
    wanted = [f"n.{name}" for name in columns(Node, DEFERRED)] + [f"p.{name}" for name in columns(Pool)]
    # Both rows are named in the lock: whoever waited reads both as the holder before left them.
    return Prepared(
        f"SELECT {', '.join(wanted)} FROM staking_node n JOIN staking_pool p ON p.node_id = n.id"
        " WHERE n.address = %(address)s FOR NO KEY UPDATE OF n, p"
    )
