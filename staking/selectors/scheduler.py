"""Who may be given a job, how likely, and the draws that anyone can check (R50)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from django.db import connection

from protocol import scheduling, tiers
from protocol.errors import NotFound
from protocol.parameters import JOB_CLASSES, Quorum, minimum_tier_of_class
from protocol.scheduling import Candidate, ChosenQuorum
from staking.selectors.node_query import STAKE, STANDING, TEE
from staking.selectors.rankings import in_force
from staking.services.epochs import OpenEpoch
from web.versioned_cache import VersionedCache

# By the ranking's places, so that a page of the best reads no more than it shows.
ELIGIBLE = f"""
SELECT n.address, n.operator, n.region, {STAKE}, r.score_bps, r.degraded,
  EXISTS (SELECT FROM staking_unbonding u WHERE u.node_id = n.id AND u.kind = 'self' AND u.status = 'open')
FROM staking_rankingrow r JOIN staking_node n ON n.id = r.node_id JOIN staking_pool p ON p.node_id = n.id
WHERE r.ranking_id = %(ranking)s AND {STANDING["active"]} AND {STAKE} >= %(least)s {{tee}}
ORDER BY r.rank LIMIT %(limit)s OFFSET %(offset)s
"""
ALL = 2**31


class Eligible(NamedTuple):
    """A node that may be given a job of the class asked for."""

    node: str
    operator: str
    region: str
    tier: int
    score_bps: int
    degraded: bool
    unbonding: bool
    access: Quorum

    def weight(self, region: str | None) -> int:
        """Its part in the draw for a job from a region (R50)."""
        return scheduling.assignment_weight(
            self.score_bps, self.unbonding, self.degraded, self.region == region
        )


class Field:
    """All nodes eligible for a job class by one ranking, best first, and their weights for jobs from a region."""

    def __init__(self, ranking: int, nodes: Sequence[Eligible]) -> None:
        self.ranking = ranking
        self.nodes = nodes
        self._regions = {one.region for one in nodes}
        self._weights: dict[str | None, tuple[int, ...]] = {}

    def weights(self, region: str | None) -> tuple[int, ...]:
        """The weights of the nodes; those of a region in which there is none are the same as without one."""
        known = region if region in self._regions else None
        if known not in self._weights:
            self._weights[known] = tuple(one.weight(known) for one in self.nodes)
        return self._weights[known]


class Assignment(NamedTuple):
    """The node drawn for a job, the ranking and the sum of weights it was drawn from, and the number drawn."""

    node: str
    ranking: int
    draw: int
    total: int


_fields: VersionedCache[Field] = VersionedCache(len(JOB_CLASSES))


def eligible_nodes(job_class: str, *, limit: int, offset: int = 0) -> tuple[int | None, list[Eligible]]:
    """The ranking in force, and a page of the nodes that may do such jobs now, best first.

    Places are the latest ranking's; tier, status and unbonding are those of this moment. A node that was not
    ranked yet is not eligible. Raises: `invalid` for an unknown class.
    """
    epoch, ranking = in_force()
    if ranking is None or epoch is None:
        return None, []
    return ranking, _read(job_class, ranking, epoch, limit, offset)


def assign(*, job_id: str, job_class: str, region: str | None) -> Assignment:
    """Draw the node for a job (R50). Raises: `not_found` when no node may do it, `invalid`."""
    field = _field(job_class)
    weights = field.weights(region)
    total = sum(weights)
    if total == 0:
        raise NotFound("No node may be given this job now: none is ranked, active and of the tier it needs.")
    drawn = scheduling.draw(field.ranking, job_id, total)
    return Assignment(field.nodes[scheduling.pick(weights, drawn)].node, field.ranking, drawn, total)


def quorum(*, job_id: str, size: int, job_class: str, region: str | None) -> tuple[int, ChosenQuorum]:
    """Draw a quorum for a job: the ranking it is drawn by, its coordinator and members (R50).

    Raises: `not_found` when too few operators run nodes that may sit in it, or none may lead it; `invalid`.
    """
    field = _field(job_class)
    weighed = zip(field.nodes, field.weights(region), strict=True)
    candidates = [
        Candidate(one.node, one.operator, weight, one.access, one.unbonding) for one, weight in weighed
    ]
    chosen = scheduling.choose_quorum(field.ranking, job_id, size, candidates)
    if chosen is None:
        raise NotFound(f"No quorum of {size} can be formed now: choose a smaller one or another job class.")
    return field.ranking, chosen


def _field(job_class: str) -> Field:
    return _fields.get(job_class, lambda: _read_field(job_class))


def _read_field(job_class: str) -> Field:
    ranking, nodes = eligible_nodes(job_class, limit=ALL)
    return Field(ranking or 0, nodes)


def _read(job_class: str, ranking: int, epoch: OpenEpoch, limit: int, offset: int) -> list[Eligible]:
    least = epoch.params.tiers[minimum_tier_of_class(epoch.params, job_class)].minimum
    asked: dict[str, Any] = {"ranking": ranking, "epoch": epoch.number, "least": least}
    with connection.cursor() as cursor:
        sql = ELIGIBLE.format(tee=f"AND {TEE}" if job_class == "tee" else "")
        cursor.execute(sql, asked | {"limit": limit, "offset": offset})
        return [_eligible(row, epoch) for row in cursor.fetchall()]


def _eligible(row: tuple[Any, ...], epoch: OpenEpoch) -> Eligible:
    address, operator, region, stake, score, degraded, unbonding = row
    tier = tiers.tier_of(epoch.params, stake)
    access = tiers.quorum_access(epoch.params, tier)
    return Eligible(address, operator, region, tier, score, degraded, unbonding, access)
