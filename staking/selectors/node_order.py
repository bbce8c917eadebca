"""Ids of the nodes in a list, in its order: an order is computed once for all filters and pages, until data changes."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from staking.selectors.estimates import CACHED_AMOUNTS, FIRST_DELEGATION, aprs_of_amount
from staking.selectors.node_query import ORDERINGS, NodeQuery, conditions, order_by, source
from staking.services.epochs import OpenEpoch
from web.api.snapshots import Snapshot
from web.versioned_cache import VersionedCache

# Filters are tried on so many times the nodes up to the page's end; then on more, but at most so many times.
NEAR, FAR = 2, 16
# For a first page filters are evaluated over at most so many nodes: over 10,000 that takes four times as long as the
# page itself.
ONCE = 2_000

_orders: VersionedCache[Snapshot] = VersionedCache(len(ORDERINGS) + CACHED_AMOUNTS)


@dataclass(frozen=True, slots=True)
class OrderedPage:
    """A page of nodes by a ranking, and the snapshot of its listing, in which `following` is the next page's position.

    `matched`: the listing has the nodes that match the filters, not all nodes.
    """

    ids: Sequence[int]
    ranking: int | None
    listing: Snapshot
    matched: bool
    following: int | None


def all_ids(query: NodeQuery, *, epoch: OpenEpoch, ranking: int | None) -> Sequence[int]:
    """The ids of all nodes that match a query. Six queries at most. Raises: `invalid`."""
    order = current_order(query, epoch=epoch, ranking=ranking).keys
    return _all_matching(order, query, epoch, ranking) if has_filters(query, epoch) else order


def current_listing(query: NodeQuery, *, matched: bool, epoch: OpenEpoch, ranking: int | None) -> Snapshot:
    """The listing of a page that is read now: the nodes that match, or all of them. Raises: `invalid`."""
    if matched:
        return Snapshot(all_ids(query, epoch=epoch, ranking=ranking))
    return current_order(query, epoch=epoch, ranking=ranking)


def current_order(query: NodeQuery, *, epoch: OpenEpoch, ranking: int | None) -> Snapshot:
    """All nodes in the order of a query, whatever its filters. Raises: `invalid`."""
    by, values = order_by(query.ordering), {"epoch": epoch.number, "ranking": ranking}
    key: tuple[Any, ...] = (query.ordering, epoch.number, ranking)
    if query.estimates_apr and query.ordering.removeprefix("-") == "apr":
        return _orders.get((*key, query.amount or 0), lambda: Snapshot(_by_apr(query, values, epoch)))
    sql = f"SELECT n.id {source([], by)} ORDER BY {by}"
    return _orders.get(key, lambda: Snapshot(array("i", _column(sql, values))))


def page_of_listing(
    query: NodeQuery,
    *,
    listing: Snapshot,
    matched: bool,
    start: int,
    offset: int,
    limit: int,
    epoch: OpenEpoch,
    ranking: int | None,
) -> OrderedPage:
    """The nodes of a listing from position `start` on, without `offset` of them. Nine queries at most.

    In a listing of all nodes the filters are evaluated now, once for all pages: the pages that follow are of the nodes
    that match. Only the first page of more than ONCE nodes evaluates them no further than to its end, and the pages
    that follow are of the nodes that match when the second one is read. Raises: `invalid`.
    """
    if not matched and has_filters(query, epoch):
        if start == 0 and len(listing.keys) > ONCE:
            return _first_page(query, listing, offset, offset + limit, epoch, ranking)
        passed = set(listing.keys[:start])
        listing, matched = Snapshot(_all_matching(listing.keys, query, epoch, ranking)), True
        start = sum(id_ in passed for id_ in listing.keys) if passed else 0
    stop = start + offset + limit
    following = stop if stop < len(listing.keys) else None
    return OrderedPage(listing.keys[start + offset : stop], ranking, listing, matched, following)


def has_filters(query: NodeQuery, epoch: OpenEpoch) -> bool:
    """True if a query leaves out nodes. Raises: `invalid`."""
    clauses, _ = conditions(query, epoch)
    return bool(clauses) or query.min_apr_bps is not None


def _first_page(
    query: NodeQuery, order: Snapshot, start: int, stop: int, epoch: OpenEpoch, ranking: int | None
) -> OrderedPage:
    clauses, values = conditions(query, epoch)
    keys = _with_apr(order.keys, query, epoch, ranking)
    if clauses:
        keys = _first_matching(keys, stop + 1, clauses, values | {"ranking": ranking})
    ids = keys[start:stop]
    following = order.keys.index(ids[-1]) + 1 if len(keys) > stop else None
    return OrderedPage(ids, ranking, order, matched=False, following=following)


def _all_matching(
    keys: Sequence[int], query: NodeQuery, epoch: OpenEpoch, ranking: int | None
) -> Sequence[int]:
    clauses, values = conditions(query, epoch)
    keys = _with_apr(keys, query, epoch, ranking)
    return _matching(keys, clauses, values | {"ranking": ranking}) if clauses else keys


def _by_apr(query: NodeQuery, values: dict[str, Any], epoch: OpenEpoch) -> Sequence[int]:
    """By the estimated APR, unknown ones last, ties by address."""
    aprs = _aprs(query, epoch, values["ranking"])
    sign = -1 if query.ordering.startswith("-") else 1
    ids = _column(f"SELECT n.id {source([])} ORDER BY n.address", values)
    return array("i", sorted(ids, key=lambda id_: (id_ not in aprs, sign * aprs.get(id_, 0))))


def _with_apr(order: Sequence[int], query: NodeQuery, epoch: OpenEpoch, ranking: int | None) -> Sequence[int]:
    """Those whose estimated APR reaches the query's limit; without estimates the database compares."""
    if not query.estimates_apr or query.min_apr_bps is None:
        return order
    aprs, least = _aprs(query, epoch, ranking), query.min_apr_bps
    return [id_ for id_ in order if aprs.get(id_, least - 1) >= least]


def _aprs(query: NodeQuery, epoch: OpenEpoch, ranking: int | None) -> Mapping[int, int]:
    """APR in bps by node id as a list of the query shows it, without unknown ones."""
    if query.amount is not None:
        return aprs_of_amount(query.amount, epoch=epoch)
    first = aprs_of_amount(FIRST_DELEGATION, epoch=epoch)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT n.id, p.tokens, r.apr_bps {source([], 'r.')}",
            {"ranking": ranking, "epoch": epoch.number},
        )
        rows = cursor.fetchall()
    shown = {id_: realised if tokens else first.get(id_, realised) for id_, tokens, realised in rows}
    return {id_: apr for id_, apr in shown.items() if apr is not None}


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
