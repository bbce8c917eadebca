"""A node's history for its page: epochs, rankings, delegators, events. µIFM, bps, ms."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Sum

from postgres.batched_reads import batched_reads
from staking.models import Event, NodeEpoch, RankingRow, ShareChange, Slash

Row = dict[str, Any]

EPOCH_FIELDS = (
    "epoch", "tier", "status", "accepted", "good", "sla_bps", "uptime_bps", "latency_ms", "q_bps", "reward",
    "operator_reward", "delegators_reward", "honest_reward", "self_stake", "pool_tokens", "active_stake",
    "active_pool", "credits", "bonus_bps",
)  # fmt: skip

# A settled epoch never changes, so its median is computed once a process. Keyed by the hash of what was decided.
_MEDIANS: dict[str, int | None] = {}
_CACHED_MEDIANS = 4_096
MEDIANS = """
SELECT e.plan_hash, percentile_disc(0.5) WITHIN GROUP (ORDER BY n.latency_ms)
FROM staking_epoch e JOIN staking_nodeepoch n ON n.epoch = e.number
WHERE e.plan_hash = ANY(%s) AND n.status = 'active' AND n.latency_ms IS NOT NULL GROUP BY e.plan_hash
"""
HASHES = "SELECT number, plan_hash FROM staking_epoch WHERE number = ANY(%s) AND status = 'settled'"

# The newest checkpoint of a wallet is what it holds now; its stake runs since it last came in from nothing.
DELEGATORS = """
WITH now AS (
  SELECT DISTINCT ON (wallet) wallet, shares, generation FROM staking_stakecheckpoint
  WHERE node_id = %(node)s ORDER BY wallet, epoch DESC
), held AS (
  SELECT wallet, shares FROM now WHERE generation = %(generation)s AND shares > 0
)
SELECT h.wallet, h.shares,
  (SELECT min(c.epoch) FROM staking_stakecheckpoint c
   WHERE c.wallet = h.wallet AND c.node_id = %(node)s AND c.generation = %(generation)s AND c.shares > 0
     AND c.epoch > coalesce((SELECT max(z.epoch) FROM staking_stakecheckpoint z
       WHERE z.wallet = h.wallet AND z.node_id = %(node)s AND (z.shares = 0 OR z.generation <> %(generation)s)), 0)),
  count(*) OVER ()
FROM held h ORDER BY h.shares DESC, h.wallet LIMIT %(limit)s OFFSET %(offset)s
"""


@dataclass(frozen=True, slots=True)
class Holding:
    """A wallet's part of a pool: its shares, and since which epoch."""

    wallet: str
    shares: int
    since_epoch: int


@dataclass(frozen=True, slots=True)
class RankPoint:
    at: datetime
    rank: int
    ranked: int


@dataclass(frozen=True, slots=True)
class EpochsOfNode:
    """The node's rows of its last settled epochs, oldest first, and what all nodes did in them.

    `pools`: `pools_of` the last two.
    """

    rows: list[Row]
    latency_medians: dict[int, int | None]
    pools: dict[int, tuple[int, int]]


def epochs_with_comparison(node: int, *, limit: int) -> EpochsOfNode:
    """The node's last settled epochs with what it is compared with."""
    rows = epochs(node, limit=limit)
    numbers = [row["epoch"] for row in rows]
    with batched_reads() as reads:
        medians = reads.submit(latency_medians, numbers)
        pools = reads.submit(pools_of, numbers[-2:])
    return EpochsOfNode(rows, medians.result(), pools.result())


def epochs(node: int, *, limit: int) -> list[Row]:
    """The node's rows of its last settled epochs, oldest first."""
    rows = NodeEpoch.objects.filter(node_id=node).order_by("-epoch").values(*EPOCH_FIELDS)
    return list(rows[:limit])[::-1]


def rankings(node: int, *, limit: int) -> list[RankPoint]:
    """The node's ranks in the last rankings that contain it, oldest first."""
    rows = (
        RankingRow.objects.filter(node_id=node)
        .order_by("-ranking_id")
        .values_list("ranking__computed_at", "rank", "ranking__nodes")
    )
    return [RankPoint(*row) for row in rows[:limit]][::-1]


def last_places(node: int) -> list[RankingRow]:
    """The node's rows of the last two rankings that it was in, the newest first."""
    return list(RankingRow.objects.filter(node_id=node).select_related("ranking").order_by("-ranking_id")[:2])


def latency_medians(epochs: list[int]) -> dict[int, int | None]:
    """Median of the active nodes' average latencies in each settled epoch, in ms; None where no node had one."""
    with connection.cursor() as cursor:
        cursor.execute(HASHES, [epochs])
        hashes = dict(cursor.fetchall())
        missing = [digest for digest in hashes.values() if digest not in _MEDIANS]
        if missing:
            cursor.execute(MEDIANS, [missing])
            _keep(missing, dict(cursor.fetchall()))
    return {number: _MEDIANS.get(digest) for number, digest in hashes.items()}


def _keep(wanted: list[str], medians: dict[str, int]) -> None:
    if len(_MEDIANS) + len(wanted) > _CACHED_MEDIANS:
        _MEDIANS.clear()
    _MEDIANS.update({digest: medians.get(digest) for digest in wanted})


def delegators(node: int, *, generation: int, limit: int, offset: int) -> tuple[list[Holding], int]:
    """Wallets with shares in the pool's running generation, largest first, and how many there are."""
    values = {"node": node, "generation": generation, "limit": limit, "offset": offset}
    with connection.cursor() as cursor:
        cursor.execute(DELEGATORS, values)
        rows = cursor.fetchall()
    holdings = [Holding(wallet, int(shares), since) for wallet, shares, since, _ in rows]
    return holdings, rows[0][3] if rows else 0


def slashes(node: int, *, limit: int) -> list[Slash]:
    """The node's slashes, newest first, without their evidence, which may name any number of receipts."""
    return list(Slash.objects.filter(node_id=node).defer("evidence").order_by("-epoch", "-id")[:limit])


def share_changes(node: int, *, limit: int = 12) -> list[ShareChange]:
    """The changes of its delegator share, newest first (R48)."""
    return list(ShareChange.objects.filter(node_id=node).order_by("-from_epoch")[:limit])


def events(node: int, *, kinds: tuple[str, ...], limit: int) -> list[Event]:
    """The node's events of these kinds, newest first."""
    return list(Event.objects.filter(node_id=node, kind__in=kinds).order_by("-id")[:limit])


def pools_of(epochs: list[int]) -> dict[int, tuple[int, int]]:
    """By settled epoch: what was distributed, in µIFM, and the sum of all weights (R39, R40)."""
    sums = (
        NodeEpoch.objects.filter(epoch__in=epochs)
        .values("epoch")
        .annotate(weights=Sum("weight"), paid=Sum("reward"))
    )
    return {row["epoch"]: (int(row["paid"]), int(row["weights"])) for row in sums}
