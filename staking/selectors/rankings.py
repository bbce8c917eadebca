"""Rankings of the nodes (R49)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet

from protocol.errors import NotFound
from staking.models import Epoch, Ranking, RankingRow
from staking.services.epochs import OpenEpoch, open_epoch
from web.versioned_cache import VersionedCache

_in_force: VersionedCache[tuple[OpenEpoch | None, int | None]] = VersionedCache(1)


@dataclass(frozen=True, slots=True)
class LatestRanking:
    """The latest ranking, and when the next one is due: at the end of the period in which it was computed."""

    id: int
    computed_at: datetime
    epoch: int
    nodes: int
    next_at: datetime


def latest() -> LatestRanking | None:
    """The latest ranking; None before the first."""
    ranking, epoch = rankings().first(), open_epoch()
    if ranking is None or epoch is None:
        return None
    first = Epoch.objects.values_list("start", flat=True).get(number=1)
    next_at = next_due(first, ranking.computed_at, epoch.params.ranking_seconds)
    return LatestRanking(ranking.pk, ranking.computed_at, ranking.epoch, ranking.nodes, next_at)


def next_due(first: datetime, computed_at: datetime, ranking_seconds: int) -> datetime:
    """The end of a ranking's period; periods count from `first`, the start of epoch 1 (R49)."""
    period = timedelta(seconds=ranking_seconds)
    return first + ((computed_at - first) // period + 1) * period


def in_force() -> tuple[OpenEpoch | None, int | None]:
    """The open epoch and the id of the latest ranking, from the versioned cache."""
    return _in_force.get(None, lambda: (open_epoch(), latest_id()))


def latest_id() -> int | None:
    """The id of the latest ranking; None before the first."""
    return rankings().values_list("id", flat=True).first()


def rankings() -> QuerySet[Ranking]:
    """All rankings, newest first."""
    return Ranking.objects.order_by("-id")


def ranking(number: int) -> Ranking:
    """One ranking. Raises: `not_found`."""
    ranking = Ranking.objects.filter(pk=number).first()
    if ranking is None:
        raise NotFound(f"There is no ranking {number}.")
    return ranking


def rows(ranking_id: int, *, after: int = 0) -> QuerySet[RankingRow]:
    """The rows of a ranking after rank `after`, best first, with their nodes."""
    return (
        RankingRow.objects.filter(ranking_id=ranking_id, rank__gt=after)
        .select_related("node")
        .order_by("rank")
    )


def rows_of_node(node_id: int) -> QuerySet[RankingRow]:
    """The rows of a node in all rankings, newest first, with their rankings."""
    return RankingRow.objects.filter(node_id=node_id).select_related("ranking").order_by("-ranking_id")
