"""Rankings: the list, the latest, any of them."""

from __future__ import annotations

from datetime import datetime

from drf_spectacular.utils import extend_schema
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from protocol.errors import NotFound
from protocol.times import write_moment
from staking.api import epoch_schemas as shapes
from staking.models import Ranking
from staking.selectors import rankings
from staking.selectors.rankings import LatestRanking
from web.api.cursors import MAX_LIMIT, whole
from web.api.pagination import CURSOR_PARAMETERS, cursor, cursor_page, page_of


@extend_schema(
    tags=["rankings"],
    operation_id="rankings_list",
    parameters=CURSOR_PARAMETERS,
    responses=page_of(shapes.RankingHead),
)
@api_view(["GET"])
def ranking_list(request: Request) -> Response:
    """Rankings, the newest first, without their rows."""
    limit, after = cursor(request)
    rows = rankings.rankings() if after is None else rankings.rankings().filter(id__lt=after)
    return cursor_page(
        request,
        list(rows[: limit + 1]),
        limit=limit,
        number=lambda row: row.pk,
        render=lambda row: shapes.RankingHead(row).data,
    )


@extend_schema(
    tags=["rankings"],
    operation_id="rankings_latest",
    parameters=CURSOR_PARAMETERS,
    responses=shapes.WholeRanking,
)
@api_view(["GET"])
def latest_ranking(request: Request) -> Response:
    """The ranking in force, best first, 200 places unless told otherwise, and when the next one is due."""
    latest = rankings.latest()
    if latest is None:
        raise NotFound("Nothing was ranked yet: the first ranking comes within a period.")
    return _whole(request, latest, latest.next_at)


@extend_schema(
    tags=["rankings"],
    operation_id="rankings_read",
    parameters=CURSOR_PARAMETERS,
    responses=shapes.WholeRanking,
)
@api_view(["GET"])
def one_ranking(request: Request, number: int) -> Response:
    """A ranking, best first, 200 places unless told otherwise."""
    return _whole(request, rankings.ranking(number), None)


def _whole(request: Request, ranking: Ranking | LatestRanking, next_at: datetime | None) -> Response:
    limit = whole(request, "limit", MAX_LIMIT, 1, MAX_LIMIT) or MAX_LIMIT
    _, after = cursor(request)
    rows = list(rankings.rows(ranking.id, after=after or 0)[: limit + 1])
    places = cursor_page(
        request,
        rows,
        limit=limit,
        number=lambda row: row.rank,
        render=lambda row: shapes.RankedNode(row).data,
        # The pages that follow are of the same ranking, whichever is the latest then.
        path=f"/api/v1/rankings/{ranking.id}",
    )
    due = None if next_at is None else write_moment(next_at)
    return Response({**shapes.RankingHead(ranking).data, "next_at": due, **places.data})
