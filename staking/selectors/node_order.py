"""Ids of the nodes in a list, in its order: an order is computed once for all filters and pages, until data changes."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import Any

from django.db import connection

from staking.selectors.estimates import CACHED_AMOUNTS, aprs_of_amount
from staking.selectors.node_query import ORDERINGS, NodeQuery, conditions, order_by, source
from staking.services.epochs import OpenEpoch
from web.versioned_cache import VersionedCache

# Filters are tried on so many times the nodes up to the page's end; then on more, but at most so many times.
NEAR, FAR = 2, 16

_orders: VersionedCache[Sequence[int]] = VersionedCache(len(ORDERINGS) + CACHED_AMOUNTS)


def all_ids(query: NodeQuery, *, epoch: OpenEpoch, ranking: int | None) -> Sequence[int]:
    """The ids of all nodes that match a query. Six queries at most. Raises: `invalid`."""
    clauses, values = conditions(query, epoch)
    values["ranking"] = ranking
    order = _with_apr(_order(query, values, epoch), query, epoch)
    if not clauses:
        return order
    passing = set(_column(f"SELECT n.id {source(clauses)}", values))
    return [number for number in order if number in passing]


def page_ids(
    query: NodeQuery, *, epoch: OpenEpoch, ranking: int | None, limit: int, offset: int
) -> Sequence[int]:
    """The same for one page, found from the start of the order. Nine queries at most. Raises: `invalid`."""
    clauses, values = conditions(query, epoch)
    values["ranking"] = ranking
    order, stop = _with_apr(_order(query, values, epoch), query, epoch), offset + limit
    if clauses and NEAR * stop < len(order):
        found = _at_the_head(order, stop, clauses, values)
        if len(found) >= stop:
            return found[offset:stop]
    return all_ids(query, epoch=epoch, ranking=ranking)[offset:stop]


def _order(query: NodeQuery, values: dict[str, Any], epoch: OpenEpoch) -> Sequence[int]:
    by = order_by(query.ordering)
    key: tuple[Any, ...] = (query.ordering, values["epoch"], values["ranking"])
    if query.amount is not None and query.ordering.removeprefix("-") == "apr":
        return _orders.get((*key, query.amount), lambda: _by_apr(query, values, epoch))
    sql = f"SELECT n.id {source([], by)} ORDER BY {by}"
    return _orders.get(key, lambda: array("i", _column(sql, values)))


def _by_apr(query: NodeQuery, values: dict[str, Any], epoch: OpenEpoch) -> Sequence[int]:
    """By the estimated APR of an amount, unknown ones last, ties by address."""
    assert query.amount is not None
    aprs = aprs_of_amount(query.amount, epoch=epoch)
    sign = -1 if query.ordering.startswith("-") else 1
    ids = _column(f"SELECT n.id {source([])} ORDER BY n.address", values)
    return array("i", sorted(ids, key=lambda id_: (id_ not in aprs, sign * aprs.get(id_, 0))))


def _with_apr(order: Sequence[int], query: NodeQuery, epoch: OpenEpoch) -> Sequence[int]:
    """Those whose estimated APR reaches the query's limit; without an amount the database compares."""
    if query.amount is None or query.min_apr_bps is None:
        return order
    aprs, least = aprs_of_amount(query.amount, epoch=epoch), query.min_apr_bps
    return [id_ for id_ in order if aprs.get(id_, least - 1) >= least]


def _at_the_head(order: Sequence[int], stop: int, clauses: list[str], values: dict[str, Any]) -> list[int]:
    """The matching nodes near the start of an order, or as far as their share there lets the page end."""
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
