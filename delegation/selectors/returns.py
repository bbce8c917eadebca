"""What delegating to a node has brought: realised, over whole epochs that are settled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

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
SETTLED = "SELECT node_id, count(*) FROM staking_nodeepoch WHERE node_id = ANY(%s::int[]) GROUP BY node_id"


@dataclass(frozen=True, slots=True)
class Returns:
    """Realised APR to delegators in bps per window of epochs (None: nothing was at work); epochs settled so far."""

    apr_bps: dict[int, int | None]
    settled: int

    @property
    def is_new(self) -> bool:
        """Whether the node has too short a past to say anything."""
        return self.settled < NEW_BELOW


def returns_of(node_ids: Sequence[int]) -> dict[int, Returns]:
    """What delegators of each node earned over 7, 30 and 90 epochs, as a year's worth, not compounded; two queries."""
    epoch = open_epoch()
    estimates: dict[int, dict[int, int | None]] = {id_: dict.fromkeys(WINDOWS) for id_ in node_ids}
    settled: dict[int, int] = {}
    if epoch is not None and node_ids:
        values: dict[str, Any] = {"nodes": list(node_ids), "open": epoch.number, "windows": list(WINDOWS)}
        with connection.cursor() as cursor:
            cursor.execute(APR_OF_WINDOWS, values)
            for node_id, size, apr_bps in cursor.fetchall():
                estimates[node_id][size] = apr_bps
            cursor.execute(SETTLED, [list(node_ids)])
            settled = dict(cursor.fetchall())
    return {id_: Returns(apr, settled.get(id_, 0)) for id_, apr in estimates.items()}
