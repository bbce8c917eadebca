"""Ids of the nodes in a list, in its order: an order is computed once for all filters and pages, until data changes."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from staking.selectors.estimates import CACHED_AMOUNTS, aprs_of_amount
from staking.selectors.node_query import ORDERINGS, NodeQuery, conditions, order_by, source
from staking.services.epochs import OpenEpoch
from web.api.snapshots import Snapshot
from web.versioned_cache import VersionedCache

# Filters are tried on so many times the nodes up to the page's end; then on more, but at most so many times.
NEAR, FAR = 2, 16

_orders: VersionedCache[Snapshot] = VersionedCache(len(ORDERINGS) + CACHED_AMOUNTS)


@dataclass(frozen=True, slots=True)
class OrderedPage:
    """A page of nodes in an order, by a ranking; `following` is the position in the order of the next page."""

    ids: Sequence[int]
    ranking: int | None
    order: Snapshot
    following: int | None


def all_ids(query: NodeQuery, *, epoch: OpenEpoch, ranking: int | None) -> Sequence[int]:
    """The ids of all nodes that match a query. Six queries at most. Raises: `invalid`."""
    clauses, values = conditions(query, epoch)
    keys = _with_apr(current_order(query, epoch=epoch, ranking=ranking).keys, query, epoch)
    return _matching(keys, clauses, values | {"ranking": ranking}) if clauses else keys


def current_order(query: NodeQuery, *, epoch: OpenEpoch, ranking: int | None) -> Snapshot:
    """All nodes in the order of a query, whatever its filters. Raises: `invalid`."""
    by, values = order_by(query.ordering), {"epoch": epoch.number, "ranking": ranking}
    key: tuple[Any, ...] = (query.ordering, epoch.number, ranking)
    if query.amount is not None and query.ordering.removeprefix("-") == "apr":
        return _orders.get((*key, query.amount), lambda: Snapshot(_by_apr(query, values, epoch)))
    sql = f"SELECT n.id {source([], by)} ORDER BY {by}"
    return _orders.get(key, lambda: Snapshot(array("i", _column(sql, values))))


def page_of_order(
    query: NodeQuery,
    *,
    order: Snapshot,
    start: int,
    offset: int,
    limit: int,
    epoch: OpenEpoch,
    ranking: int | None,
) -> OrderedPage:
    """The nodes of an order, from position `start` on, that match the query's filters now. Nine queries at most.

    Raises: `invalid`.
    """
    clauses, values = conditions(query, epoch)
    rest, stop = _with_apr(order.keys[start:], query, epoch), offset + limit
    if clauses:
        rest = _first_matching(rest, stop + 1, clauses, values | {"ranking": ranking})
    ids = rest[offset:stop]
    following = order.keys.index(ids[-1], start) + 1 if len(rest) > stop else None
    return OrderedPage(ids, ranking, order, following)


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


def _first_matching(
    keys: Sequence[int], count: int, clauses: list[str], values: dict[str, Any]
) -> Sequence[int]:
    """The first `count` matching nodes, or more: found near the start where that is enough."""
    if NEAR * count < len(keys):
        matching = _matching_near(keys, count, clauses, values)
        if len(matching) >= count:
            return matching
    return _matching(keys, clauses, values)


def _matching_near(
    keys: Sequence[int], count: int, clauses: list[str], values: dict[str, Any]
) -> Sequence[int]:
    """The matching nodes near the start, or as far as their share there lets the page end."""
    matching = _matching_among(keys[: NEAR * count], clauses, values)
    if matching and len(matching) < count:
        far = NEAR * count * count * 3 // (2 * len(matching))
        if far <= FAR * count:
            return _matching_among(keys[:far], clauses, values)
    return matching


def _matching(keys: Sequence[int], clauses: list[str], values: dict[str, Any]) -> list[int]:
    matching = set(_column(f"SELECT n.id {source(clauses)}", values))
    return [number for number in keys if number in matching]


def _matching_among(head: Sequence[int], clauses: list[str], values: dict[str, Any]) -> list[int]:
    return _matching(head, [*clauses, "n.id = ANY(%(among)s::int[])"], values | {"among": list(head)})


def _column(sql: str, values: dict[str, Any]) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return [row[0] for row in cursor.fetchall()]
