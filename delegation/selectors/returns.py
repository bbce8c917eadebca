"""Realised returns of delegations to a node, over settled epochs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from postgres.batched_reads import batched_reads
from staking.models.node_sql import APR
from staking.services.epochs import open_epoch

WINDOWS = (7, 30, 90)
NEW_BELOW = 3

APR_OF_WINDOWS = f"""
SELECT e.node_id, w.size, {APR}
FROM unnest(%(windows)s::int[]) AS w(size)
JOIN staking_nodeepoch e ON e.epoch >= %(open)s - w.size AND e.epoch < %(open)s
JOIN staking_epoch z ON z.number = e.epoch
WHERE e.node_id = ANY(%(nodes)s::int[]) GROUP BY e.node_id, w.size
"""
# At most the largest window: a count of all epochs would grow with the age of the network.
SETTLED = """
SELECT n.id, (SELECT count(*) FROM (SELECT FROM staking_nodeepoch WHERE node_id = n.id LIMIT %(enough)s) past)
FROM unnest(%(nodes)s::int[]) n(id)
"""


@dataclass(frozen=True, slots=True)
class Returns:
    """Realised APR to delegators in bps per window of epochs (None: nothing was at work).

    `settled`: epochs settled so far, NEW_BELOW for that many or more.
    """

    apr_bps: dict[int, int | None]
    settled: int

    @property
    def is_new(self) -> bool:
        """True if the node has too short a past to say anything."""
        return self.settled < NEW_BELOW


def returns_of(node_ids: Sequence[int]) -> dict[int, Returns]:
    """The APR of each node's delegators over 7, 30 and 90 epochs, not compounded; two queries."""
    epoch = open_epoch()
    if epoch is None or not node_ids:
        return {id_: Returns(dict.fromkeys(WINDOWS), 0) for id_ in node_ids}
    values: dict[str, Any] = {
        "nodes": list(node_ids),
        "open": epoch.number,
        "windows": list(WINDOWS),
        "enough": NEW_BELOW,
    }
    with batched_reads() as reads:
        aprs = reads.submit(_rows, APR_OF_WINDOWS, values)
        settled = reads.submit(_rows, SETTLED, values)
    estimates: dict[int, dict[int, int | None]] = {id_: dict.fromkeys(WINDOWS) for id_ in node_ids}
    for node_id, size, apr_bps in aprs.result():
        estimates[node_id][size] = apr_bps
    counts = dict(settled.result())
    return {id_: Returns(apr, counts.get(id_, 0)) for id_, apr in estimates.items()}


def _rows(query: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows
