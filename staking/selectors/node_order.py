"""Which nodes a list holds, in its order: an order is made once for all filters and pages, until something moves."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import Any

from django.db import connection

from staking.selectors.node_query import ORDERINGS, NodeQuery, conditions, order_by, source
from staking.services.epochs import OpenEpoch
from web.versioned_cache import VersionedCache

# A page's filters are put to so many times the nodes that it ends with; then to more, but no more than so many times.
NEAR, FAR = 2, 16

_orders: VersionedCache[Sequence[int]] = VersionedCache(len(ORDERINGS))


def all_ids(query: NodeQuery, *, epoch: OpenEpoch, ranking: int | None) -> Sequence[int]:
    """The numbers of all nodes that a query asks for. Three queries at most. Raises: `invalid`."""
    clauses, values = conditions(query, epoch)
    values["ranking"] = ranking
    order = _order(query.ordering, values)
    if not clauses:
        return order
    passing = set(_column(f"SELECT n.id {source(clauses)}", values))
    return [number for number in order if number in passing]


def page_ids(
    query: NodeQuery, *, epoch: OpenEpoch, ranking: int | None, limit: int, offset: int
) -> Sequence[int]:
    """The same for one page, found from the head of the order on. Six queries at most. Raises: `invalid`."""
    clauses, values = conditions(query, epoch)
    values["ranking"] = ranking
    order, stop = _order(query.ordering, values), offset + limit
    if clauses and NEAR * stop < len(order):
        found = _at_the_head(order, stop, clauses, values)
        if len(found) >= stop:
            return found[offset:stop]
    return all_ids(query, epoch=epoch, ranking=ranking)[offset:stop]


def _order(ordering: str, values: dict[str, Any]) -> Sequence[int]:
    by = order_by(ordering)
    sql = f"SELECT n.id {source([], by)} ORDER BY {by}"
    key = (ordering, values["epoch"], values["ranking"])
    return _orders.get(key, lambda: array("i", _column(sql, values)))


def _at_the_head(order: Sequence[int], stop: int, clauses: list[str], values: dict[str, Any]) -> list[int]:
    """What passes near the head of an order, or as far from it as that share of passing nodes lets a page end."""
    found = _passing(order[: NEAR * stop], clauses, values)
    if found and len(found) < stop:
        far = NEAR * stop * stop * 3 // (2 * len(found))
        if far <= FAR * stop:
            return _passing(order[:far], clauses, values)
    return found


def _passing(head: Sequence[int], clauses: list[str], values: dict[str, Any]) -> list[int]:
    among = source([*clauses, "n.id = ANY(%(among)s::int[])"])
    passing = set(_column(f"SELECT n.id {among}", values | {"among": list(head)}))
    return [number for number in head if number in passing]


def _column(sql: str, values: dict[str, Any]) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return [row[0] for row in cursor.fetchall()]
