"""Rankings of the active nodes (R49)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet

from protocol.errors import NotFound
from staking.measurement.live import open_epoch
from staking.models import Epoch, Ranking, RankingRow
from staking.services.epochs import OpenEpoch
from web.versioned_cache import VersionedCache

_in_force: VersionedCache[tuple[OpenEpoch | None, int | None]] = VersionedCache(1)


@dataclass(frozen=True, slots=True)
class LatestRanking:
    """The ranking in force and when the next is due: at the end of the period in which it was computed."""

    id: int
    computed_at: datetime
    epoch: int
    nodes: int
    next_at: datetime


def latest() -> LatestRanking | None:
    """The newest ranking; None before the first."""
    newest = rankings().first()
    running = open_epoch()
    if newest is None or running is None:
        return None
    first = Epoch.objects.values_list("start", flat=True).get(number=1)
    next_at = next_due(first, newest.computed_at, running.params.ranking_seconds)
    return LatestRanking(newest.pk, newest.computed_at, newest.epoch, newest.nodes, next_at)


def next_due(first: datetime, computed_at: datetime, ranking_seconds: int) -> datetime:
    """When the period ends in which a ranking was computed; periods count from `first`, the start of epoch 1 (R49)."""
    period = timedelta(seconds=ranking_seconds)
    return first + ((computed_at - first) // period + 1) * period


def in_force() -> tuple[OpenEpoch | None, int | None]:
    """The open epoch and the number of the newest ranking, as this process last saw them."""
    return _in_force.get(None, lambda: (open_epoch(), latest_id()))


def latest_id() -> int | None:
    """The number of the newest ranking; None before the first."""
    return rankings().values_list("id", flat=True).first()


def rankings() -> QuerySet[Ranking]:
    """All rankings, the newest first."""
    return Ranking.objects.order_by("-id")


def ranking(number: int) -> Ranking:
    """One ranking. Raises: `not_found`."""
    found = Ranking.objects.filter(pk=number).first()
    if found is None:
        raise NotFound(f"There is no ranking {number}.")
    return found


def rows(ranking_id: int, *, after: int = 0) -> QuerySet[RankingRow]:
    """The places of a ranking below rank `after`, best first, with their nodes."""
    return (
        RankingRow.objects.filter(ranking_id=ranking_id, rank__gt=after)
        .select_related("node")
        .order_by("rank")
    )


def rows_of_node(node_id: int) -> QuerySet[RankingRow]:
    """The places of a node in all rankings, the newest first, with their rankings."""
    return RankingRow.objects.filter(node_id=node_id).select_related("ranking").order_by("-ranking_id")
