"""Live figures: every node by the open epoch so far, or by the last settled one (R49)."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from postgres.batched_reads import batched_reads
from protocol import scheduling
from staking.measurement.node_inputs import read_nodes
from staking.measurement.node_state import NodeState
from staking.measurement.performance import measure
from staking.models import NodeEpoch
from staking.services.epochs import OpenEpoch, open_epoch

WINDOW_FIELDS = (
    "accepted", "good", "sla_bps", "rejection_bps", "uptime_bps", "latency_ms", "variation_bps",
    "latency_percentile_bps", "scarcity_bps", "degraded", "q_latency", "q_uptime", "q_stake", "q_scarcity",
    "q_sla", "q_bps",
)  # fmt: skip

# A reading that takes longer than LONG seconds is used for REST times as long, so that readers cannot overload the
# database.
LONG, REST = 0.2, 20


@dataclass(frozen=True, slots=True)
class Live:
    """A node by its live window (R49): the open epoch so far, or the last settled one, and then `live` is False."""

    state: NodeState
    live: bool
    settled: bool
    score_bps: int

    @property
    def effective_stake(self) -> int:
        """Self stake and delegated tokens bonded now, in µIFM (R6)."""
        return self.state.self_stake + self.state.pool_tokens


def figures(*, now: datetime) -> list[Live]:
    """Every node, in the order of addresses, by its live window (R49).

    That is the open epoch so far, or the last settled one while fewer than sla_min_jobs were accepted. Q is 10,000 bps
    when there is neither. Empty before the network's first start.
    """
    epoch = open_epoch()
    return [] if epoch is None else _figures(epoch, now)


def _figures(epoch: OpenEpoch, now: datetime) -> list[Live]:
    with batched_reads() as reads:
        read = reads.submit(read_nodes, epoch.number)
        settled = reads.submit(_last_settled, epoch.number - 1)
    nodes = read.result()
    measure(nodes, epoch=epoch, until=now)
    return [_window(node, settled.result().get(node.id), epoch) for node in nodes]


class _LastReading:
    """The last reading of this process, its duration in seconds, and until when it is used."""

    key: tuple[object, ...] = ()
    duration: float = 0.0
    until: float = 0.0
    by_address: dict[str, Live] = {}


def figures_by_address(*, now: datetime) -> dict[str, Live]:
    """`figures` by address, for the page and the API answer of one node.

    Read each time while that is quick. A slow reading is reused, so that at most 5 % of the time is spent on reading,
    but never in a later epoch.
    """
    epoch = open_epoch()
    if epoch is None:
        return {}
    # A process of the tests uses several databases.
    key = (connection.settings_dict["NAME"], epoch.number)
    if key == _LastReading.key and time.monotonic() < _LastReading.until:
        return _LastReading.by_address
    started = time.monotonic()
    by_address = {live.state.address: live for live in _figures(epoch, now)}
    ended = time.monotonic()
    # One slow reading may be due to a busy machine; after two in a row the network is large.
    cost, _LastReading.duration = min(ended - started, _LastReading.duration), ended - started
    _LastReading.by_address, _LastReading.key = by_address, key
    _LastReading.until = ended + (cost * REST if cost > LONG else 0.0)
    return by_address


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
