"""Replays of an amount on nodes over the last settled epochs, in a constant number of queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from django.db.models import Sum

from protocol.delegation_replay import Entry, ExecutedSlash, RecordedEpoch, Replay, replay
from protocol.parameters import Parameters
from staking.models import Epoch, NodeEpoch, Slash
from staking.services.epochs import parameters_of

# Parameters, reward pool in µIFM and sum of all weights of an epoch.
Network = tuple[Parameters, int, int]
# Number of an epoch, the pool at its close, and what was recorded of the node.
Row = tuple[int, tuple[int, ...], tuple[Any, ...]]
SPANS = (7, 30, 90)
FIELDS = (
    "weight", "credits", "sla_bps", "uptime_bps", "latency_percentile_bps", "scarcity_bps", "degraded",
    "active_stake", "active_pool", "active_shares", "share_bps", "honest_reward",
)  # fmt: skip
ENTRY_FIELDS = ("pool_tokens", "pool_shares", "index_carry")
SLASH_FIELDS = (
    "epoch", "delegated_bps", "base_delegated", "delegated_slashed", "slashed", "returned", "node__custodial",
)  # fmt: skip


def replay_on(node_ids: Sequence[int], *, amount: int, epochs: int) -> dict[int, Replay]:
    """Replay `amount` µIFM on each node over the last `epochs` settled epochs. See `replay_amounts`."""
    return replay_amounts(dict.fromkeys(node_ids, amount), epochs=epochs)


def replay_amounts(amounts: Mapping[int, int], *, epochs: int) -> dict[int, Replay]:
    """Replay an amount of µIFM on each node, by its id, over the last `epochs` settled epochs. See `replay_over`."""
    return replay_over(amounts, last_settled(epochs + 1))


def last_settled(count: int) -> tuple[int, ...]:
    """The numbers of at most `count` settled epochs, oldest first. One query."""
    settled = Epoch.objects.filter(status=Epoch.Status.SETTLED).order_by("-number")
    return tuple(settled.values_list("number", flat=True)[:count])[::-1]


def replay_over(amounts: Mapping[int, int], numbers: tuple[int, ...]) -> dict[int, Replay]:
    """Replay an amount of µIFM on each node, by its id, over settled epochs without the first of them.

    An amount enters at the close of the first one, or of the node's first epoch when that was later. Nodes with fewer
    than two of these epochs are left out. Four queries at most.
    """
    if len(numbers) < 2 or not amounts:
        return {}
    networks = _networks(numbers, Epoch.objects.get(number=numbers[-1]).plan_hash)
    rows = _rows(list(amounts), numbers)
    slashes = _slashes(list(amounts), numbers)
    return {
        node: replay(
            amounts[node],
            Entry(*history[0][1]),
            [_recorded(number, networks, values, slashes[node, number]) for number, _, values in history[1:]],
        )
        for node, history in rows.items()
        if len(history) > 1
    }


# Settled epochs never change.
@lru_cache(maxsize=8)
def _networks(numbers: tuple[int, ...], plan_hash: str) -> dict[int, Network]:
    """The networks of epochs by number. Two queries."""
    sums = (
        NodeEpoch.objects.filter(epoch__in=numbers).values("epoch").annotate(total=Sum("weight")).order_by()
    )
    weights = {row["epoch"]: int(row["total"] or 0) for row in sums}
    settled = Epoch.objects.filter(number__in=numbers).values_list("number", "parameters__digest", "pool")
    return {
        number: (parameters_of(digest), pool or 0, weights.get(number, 0)) for number, digest, pool in settled
    }


def _rows(node_ids: Sequence[int], numbers: Sequence[int]) -> dict[int, list[Row]]:
    """The rows of each node by its id, oldest first."""
    rows: dict[int, list[Row]] = defaultdict(list)
    query = NodeEpoch.objects.filter(node_id__in=node_ids, epoch__in=numbers).order_by("epoch")
    for node, number, *values in query.values_list("node_id", "epoch", *ENTRY_FIELDS, *FIELDS):
        rows[node].append((number, tuple(values[: len(ENTRY_FIELDS)]), tuple(values[len(ENTRY_FIELDS) :])))
    return rows


def _slashes(node_ids: Sequence[int], numbers: Sequence[int]) -> dict[tuple[int, int], list[ExecutedSlash]]:
    """Slashes by node and by the epoch whose settlement executed them, in the order of execution."""
    slashes: dict[tuple[int, int], list[ExecutedSlash]] = defaultdict(list)
    executed = Slash.objects.filter(
        node_id__in=node_ids, status=Slash.Status.EXECUTED, resolved_epoch__in=numbers
    ).order_by("epoch", "table_order")
    for node, resolved, *values in executed.values_list("node_id", "resolved_epoch", *SLASH_FIELDS):
        slashes[node, resolved].append(ExecutedSlash(*values))
    return slashes


def _recorded(
    number: int, networks: dict[int, Network], values: tuple[Any, ...], slashes: list[ExecutedSlash]
) -> RecordedEpoch:
    params, pool, weights = networks[number]
    record: dict[str, Any] = dict(zip(FIELDS, values, strict=True))
    return RecordedEpoch(
        number=number, params=params, pool=pool, weights=weights, slashes=tuple(slashes), **record
    )
