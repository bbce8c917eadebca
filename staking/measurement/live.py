"""The running epoch so far: the figures that rankings and node pages go by (R49)."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from protocol import scheduling
from staking.measurement.node_inputs import read_nodes
from staking.measurement.node_state import NodeState
from staking.measurement.performance import measure
from staking.models import Epoch, NodeEpoch
from staking.services.epochs import OpenEpoch, parameters_of

WINDOW_FIELDS = (
    "accepted", "good", "sla_bps", "rejection_bps", "uptime_bps", "latency_ms", "variation_bps",
    "latency_percentile_bps", "scarcity_bps", "degraded", "q_latency", "q_uptime", "q_stake", "q_scarcity",
    "q_sla", "q_bps",
)  # fmt: skip

# What a reading longer than so many seconds cost is paid again only after REST times as long, so that readers cannot
# wear the database out.
LONG, REST = 0.2, 20


@dataclass(frozen=True, slots=True)
class Live:
    """A node by the window of R49: the open epoch so far, or its last settled one (`live` is False then)."""

    state: NodeState
    live: bool
    settled: bool
    score_bps: int

    @property
    def effective_stake(self) -> int:
        """Self stake and delegated tokens bonded now, in µIFM (R6)."""
        return self.state.self_stake + self.state.pool_tokens


def open_epoch() -> OpenEpoch | None:
    """The open epoch without a lock, for reading; None before the network's first start."""
    row = (
        Epoch.objects.exclude(status="settled")
        .values_list("number", "start", "end", "parameters_id", "parameters__digest")
        .first()
    )
    if row is None:
        return None
    number, start, end, version, digest = row
    return OpenEpoch(number, parameters_of(digest), start, end, version)


def figures(*, now: datetime) -> list[Live]:
    """Every node, by address, by the window of R49: the open epoch so far, or the last settled one while fewer
    than sla_min_jobs are in; Q is 10,000 bps when there is neither."""
    epoch = open_epoch()
    if epoch is None:
        return []
    nodes = read_nodes(epoch.number)
    measure(nodes, epoch=epoch, until=now)
    settled = _last_settled(epoch.number - 1)
    return [_window(node, settled.get(node.id), epoch) for node in nodes]


class _Kept:
    """The last reading of this process, how many seconds it took, and until when it serves."""

    key: tuple[object, ...] = ()
    took: float = 0.0
    until: float = 0.0
    by_address: dict[str, Live] = {}


def figures_by_address(*, now: datetime) -> dict[str, Live]:
    """The same, by address, for one node's page and answer.

    Read each time while that is quick; where it takes long, at most 5 % of the time, and at once in a new epoch.
    """
    key = _running()
    if key == _Kept.key and time.monotonic() < _Kept.until:
        return _Kept.by_address
    began = time.monotonic()
    found = {live.state.address: live for live in figures(now=now)}
    ended = time.monotonic()
    # One slow reading may be a busy machine's; after two in a row it is the network that is large.
    cost, _Kept.took = min(ended - began, _Kept.took), ended - began
    _Kept.by_address, _Kept.key = found, key
    _Kept.until = ended + (cost * REST if cost > LONG else 0.0)
    return found


def _running() -> tuple[object, ...]:
    """The epoch that is not settled yet, and of which database: a process of the tests sees several."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_database(), (SELECT max(number) FROM staking_epoch)")
        return tuple(cursor.fetchone())


def _window(node: NodeState, settled: tuple[object, ...] | None, epoch: OpenEpoch) -> Live:
    live = node.accepted >= epoch.params.sla_min_jobs
    if not live:
        if settled is None:
            node.q_bps, node.degraded = 10_000, False
        else:
            for name, value in zip(WINDOW_FIELDS, settled, strict=True):
                setattr(node, name, value)
    score = scheduling.score(node.q_bps, node.former_penalty)
    return Live(node, live, settled is not None, score)


def _last_settled(epoch: int) -> dict[int, tuple[object, ...]]:
    rows = NodeEpoch.objects.filter(epoch=epoch).values_list("node_id", *WINDOW_FIELDS)
    return {row[0]: row[1:] for row in rows}
