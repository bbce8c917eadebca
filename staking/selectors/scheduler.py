"""Nodes that are eligible for a job, their weights, and the draws, which anyone can verify (R50)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from django.db import connection

from protocol import scheduling, tiers
from protocol.errors import NotFound
from protocol.parameters import JOB_CLASSES, Quorum, minimum_tier_of_class
from protocol.scheduling import Candidate, ChosenQuorum
from staking.models.node_sql import EFFECTIVE_STAKE, HAS_STATUS, OPERATOR_UNBONDING
from staking.selectors.node_query import TEE
from staking.selectors.rankings import in_force
from staking.services.epochs import OpenEpoch
from web.versioned_cache import VersionedCache

# In the order of ranks, so that the first page reads only the rows that it shows.
ELIGIBLE = f"""
SELECT r.rank, n.address, n.operator, n.region, {EFFECTIVE_STAKE}, r.score_bps, r.degraded, {OPERATOR_UNBONDING}
FROM staking_rankingrow r JOIN staking_node n ON n.id = r.node_id JOIN staking_pool p ON p.node_id = n.id
WHERE r.ranking_id = %(ranking)s AND r.rank > %(after)s AND {HAS_STATUS["active"]}
  AND {EFFECTIVE_STAKE} >= %(minimum)s {{tee}}
ORDER BY r.rank LIMIT %(limit)s OFFSET %(offset)s
"""
ALL = 2**31


class Eligible(NamedTuple):
    """A node that is eligible for the job class."""

    rank: int
    node: str
    operator: str
    region: str
    tier: int
    score_bps: int
    degraded: bool
    unbonding: bool
    access: Quorum

    def weight(self, region: str | None) -> int:
        """Its weight in the draw for a job from a region (R50)."""
        return scheduling.assignment_weight(
            self.score_bps, self.unbonding, self.degraded, self.region == region
        )


class EligibleNodes:
    """All nodes eligible for a job class by one ranking, best first, with their weights for jobs from a region."""

    def __init__(self, ranking: int, nodes: Sequence[Eligible]) -> None:
        self.ranking = ranking
        self.nodes = nodes
        self._regions = {node.region for node in nodes}
        self._weights: dict[str | None, tuple[int, ...]] = {}

    def weights(self, region: str | None) -> tuple[int, ...]:
        """The weights of the nodes for jobs from a region; one without nodes gives the same weights as none."""
        known = region if region in self._regions else None
        if known not in self._weights:
            self._weights[known] = tuple(node.weight(known) for node in self.nodes)
        return self._weights[known]


class Assignment(NamedTuple):
    """The node drawn for a job, the ranking, the number drawn, and the sum of weights."""

    node: str
    ranking: int
    draw: int
    total: int


_cache: VersionedCache[EligibleNodes] = VersionedCache(len(JOB_CLASSES))


def eligible_nodes(
    job_class: str, *, limit: int, offset: int = 0, after: tuple[int, int] | None = None
) -> tuple[int | None, list[Eligible]]:
    """A ranking, and a page of the nodes that are eligible for the job class now, best first.

    The order is that of the latest ranking, or that of the ranking in `after` behind the rank beside it; tier, status
    and unbonding are current. A node that is not ranked is not eligible. Raises: `invalid` for an unknown class.
    """
    epoch, latest = in_force()
    ranking, rank = after or (latest, 0)
    if ranking is None or epoch is None:
        return None, []
    return ranking, _read(job_class, ranking, epoch, limit, offset, rank)


def assign(*, job_id: str, job_class: str, region: str | None) -> Assignment:
    """Draw the node for a job (R50). Raises: `not_found` when no node is eligible, `invalid`."""
    eligible = _eligible_nodes(job_class)
    weights = eligible.weights(region)
    total = sum(weights)
    if total == 0:
        raise NotFound(
            "No node is eligible for this job now: none is ranked, active and of the tier that it needs."
        )
    number = scheduling.draw(eligible.ranking, job_id, total)
    node = eligible.nodes[scheduling.pick(weights, number)].node
    return Assignment(node, eligible.ranking, number, total)


def quorum(*, job_id: str, size: int, job_class: str, region: str | None) -> tuple[int, ChosenQuorum]:
    """Draw a quorum for a job: the ranking, and the quorum with its coordinator and members (R50).

    Raises: `not_found` when too few operators run eligible nodes, or none can coordinate; `invalid`.
    """
    eligible = _eligible_nodes(job_class)
    candidates = [
        Candidate(node.node, node.operator, weight, node.access, node.unbonding)
        for node, weight in zip(eligible.nodes, eligible.weights(region), strict=True)
    ]
    chosen = scheduling.choose_quorum(eligible.ranking, job_id, size, candidates)
    if chosen is None:
        raise NotFound(f"No quorum of {size} can be formed now: choose a smaller one or another job class.")
    return eligible.ranking, chosen


def _eligible_nodes(job_class: str) -> EligibleNodes:
    return _cache.get(job_class, lambda: _read_all(job_class))


def _read_all(job_class: str) -> EligibleNodes:
    ranking, nodes = eligible_nodes(job_class, limit=ALL)
    return EligibleNodes(ranking or 0, nodes)


def _read(
    job_class: str, ranking: int, epoch: OpenEpoch, limit: int, offset: int, after: int
) -> list[Eligible]:
    minimum = epoch.params.tiers[minimum_tier_of_class(epoch.params, job_class)].minimum
    values = {"ranking": ranking, "after": after, "epoch": epoch.number, "minimum": minimum}
    with connection.cursor() as cursor:
        sql = ELIGIBLE.format(tee=f"AND {TEE}" if job_class == "tee" else "")
        cursor.execute(sql, values | {"limit": limit, "offset": offset})
        return [_eligible(row, epoch) for row in cursor.fetchall()]


def _eligible(row: tuple[Any, ...], epoch: OpenEpoch) -> Eligible:
    rank, address, operator, region, stake, score, degraded, unbonding = row
    tier = tiers.tier_of(epoch.params, stake)
    access = tiers.quorum_access(epoch.params, tier)
    return Eligible(rank, address, operator, region, tier, score, degraded, unbonding, access)
