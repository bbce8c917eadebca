"""Totals and chart nodes of the leaderboard. µIFM, bps; figures by the latest ranking, stake live."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from staking.models import RankingRow
from staking.models.node_sql import APR_EPOCHS, EFFECTIVE_STAKE, HAS_STATUS
from staking.selectors.node_figures import NodeFigures, read_figures
from staking.services.epochs import OpenEpoch

MIDDLE = (0.1, 0.5, 0.9)

HEADLINE = f"""
WITH current AS (
  SELECT n.self_stake, p.tokens, {EFFECTIVE_STAKE} AS stake,
    {HAS_STATUS["active"]} AS active,
    {HAS_STATUS["cooldown"]} AS cooling
  FROM staking_node n JOIN staking_pool p ON p.node_id = n.id
), nodes AS (
  SELECT count(*) AS registered, count(*) FILTER (WHERE active) AS active,
    count(*) FILTER (WHERE active AND stake >= %(tier1)s) AS from1,
    count(*) FILTER (WHERE active AND stake >= %(tier2)s) AS from2,
    count(*) FILTER (WHERE active AND stake >= %(tier3)s) AS from3,
    count(*) FILTER (WHERE cooling) AS cooling,
    coalesce(sum(self_stake), 0)::bigint AS self_stake, coalesce(sum(tokens), 0)::bigint AS delegated
  FROM current
), ranked AS (
  SELECT count(*) FILTER (WHERE degraded) AS degraded,
    percentile_disc(%(middle)s::float8[]) WITHIN GROUP (ORDER BY apr_bps) AS apr
  FROM staking_rankingrow WHERE ranking_id = %(ranking)s
), last AS (
  SELECT number, distributed, (totals ->> 'operator_reward')::bigint AS operators,
    (totals ->> 'delegators_reward')::bigint AS delegators
  FROM staking_epoch WHERE number = %(epoch)s - 1
)
SELECT n.*, r.*, l.*,
  ARRAY(SELECT DISTINCT m.region FROM staking_rankingrow w JOIN staking_node m ON m.id = w.node_id
    WHERE w.ranking_id = %(ranking)s ORDER BY m.region) AS regions
FROM nodes n CROSS JOIN ranked r LEFT JOIN last l ON true
"""
OF_WALLET = """
SELECT id FROM (
  SELECT id FROM staking_node WHERE operator = %(wallet)s
  UNION
  SELECT h.node_id FROM (
    SELECT DISTINCT ON (node_id) node_id, shares, generation FROM staking_stakecheckpoint
    WHERE wallet = %(wallet)s ORDER BY node_id, epoch DESC
  ) h JOIN staking_pool p ON p.node_id = h.node_id AND p.generation = h.generation WHERE h.shares > 0
) mine LEFT JOIN staking_rankingrow r ON r.ranking_id = %(ranking)s AND r.node_id = mine.id
ORDER BY r.rank NULLS LAST, mine.id LIMIT %(limit)s
"""


@dataclass(frozen=True, slots=True)
class NetworkFigures:
    """Headline figures. `tiers`: active nodes in tier 0, 1, 2, 3. Reward figures are of `last_epoch`, the last settled.

    APR figures: the median and the middle 80 percent of the nodes whose delegators earned. `regions`: those of the
    ranked nodes.
    """

    registered: int
    active: int
    tiers: tuple[int, int, int, int]
    degraded: int
    cooldown: int
    self_stake: int
    delegated: int
    last_epoch: int | None = None
    last_reward: int | None = None
    last_operators: int | None = None
    last_delegators: int | None = None
    apr_bps: int | None = None
    apr_low_bps: int | None = None
    apr_high_bps: int | None = None
    apr_epochs: int = APR_EPOCHS
    regions: tuple[str, ...] = ()

    @property
    def staked(self) -> int:
        return self.self_stake + self.delegated


NOTHING = NetworkFigures(0, 0, (0, 0, 0, 0), 0, 0, 0, 0)


def headline(*, epoch: OpenEpoch, ranking: int | None) -> NetworkFigures:
    """The network in figures. One query."""
    minima = {f"tier{tier.number}": tier.minimum for tier in epoch.params.tiers}
    values = {"epoch": epoch.number, "ranking": ranking, "middle": list(MIDDLE), **minima}
    with connection.cursor() as cursor:
        cursor.execute(HEADLINE, values)
        names = [column.name for column in cursor.description]
        return _figures(dict(zip(names, cursor.fetchone(), strict=True)))


def _figures(row: dict[str, Any]) -> NetworkFigures:
    active, from1, from2, from3 = row["active"], row["from1"], row["from2"], row["from3"]
    low, middle, high = row["apr"] or (None, None, None)
    return NetworkFigures(
        registered=row["registered"],
        active=active,
        tiers=(active - from1, from1 - from2, from2 - from3, from3),
        degraded=row["degraded"],
        cooldown=row["cooling"],
        self_stake=row["self_stake"],
        delegated=row["delegated"],
        last_epoch=row["number"],
        last_reward=row["distributed"],
        last_operators=row["operators"],
        last_delegators=row["delegators"],
        apr_bps=middle,
        apr_low_bps=low,
        apr_high_bps=high,
        regions=tuple(row["regions"]),
    )


def nodes_of_wallet(wallet: str, *, epoch: OpenEpoch, ranking: int | None, limit: int) -> list[NodeFigures]:
    """The nodes that a wallet runs or delegates to, best rank first."""
    with connection.cursor() as cursor:
        cursor.execute(OF_WALLET, {"wallet": wallet, "ranking": ranking, "limit": limit})
        ids = [row[0] for row in cursor.fetchall()]
    return read_figures(ids, epoch=epoch, ranking=ranking)


def leaders(ranking: int, *, limit: int) -> list[RankingRow]:
    """The first ranks of a ranking with their nodes."""
    return list(_rows(ranking).order_by("rank")[:limit])


def largest(ranking: int, *, limit: int) -> list[RankingRow]:
    """The ranked nodes with the largest stake whose delegators earned, largest first."""
    return list(_rows(ranking).exclude(apr_bps=None).order_by("-effective_stake", "rank")[:limit])


def places(nodes: list[int], *, rankings: int) -> tuple[list[Any], dict[int, dict[int, int]]]:
    """The times of the last rankings, oldest first as (id, time), and each node's rank by ranking id."""
    newest = list(
        RankingRow.objects.filter(rank=1)
        .order_by("-ranking_id")
        .values_list("ranking_id", "ranking__computed_at")[:rankings]
    )[::-1]
    ranks: dict[int, dict[int, int]] = {node: {} for node in nodes}
    rows = RankingRow.objects.filter(ranking_id__in=[id_ for id_, _ in newest], node_id__in=nodes)
    for node, ranking, rank in rows.values_list("node_id", "ranking_id", "rank"):
        ranks[node][ranking] = rank
    return newest, ranks


def _rows(ranking: int) -> QuerySet[RankingRow]:
    return RankingRow.objects.filter(ranking_id=ranking).select_related("node")
