"""`/`: the network in figures and the leaderboard; `/field/`: the chart under it."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from protocol.amounts import BPS
from protocol.parameters import DEFAULTS, Parameters
from staking.charts.top_nodes import field
from staking.pages.leaderboard_csv import HEAD, lines
from staking.pages.leaderboard_query import Asked, asked_by
from staking.pages.leaderboard_rows import row_of
from staking.pages.view_models import LeaderboardPage, LeaderboardRow
from staking.selectors import leaderboard
from staking.selectors.nodes import REWARD_EPOCHS, NodeFigures, find_nodes, nodes_page
from staking.selectors.rankings import latest_id
from staking.services.epochs import OpenEpoch, open_epoch
from web import page_cache
from web.csv_download import download
from web.current_user import signed_in_wallet
from web.listing import address_of
from web.theme import theme_of

OWN_LISTED = 8
LEADERS = 15
CHARTED = 80
RANKINGS_CHARTED = 28
ALL = 1_000_000


@require_safe
def nodes(request: HttpRequest) -> HttpResponse:
    asked = asked_by(request.META.get("QUERY_STRING", ""))
    part = wants_part(request)

    def made() -> HttpResponse:
        if asked.form:
            return download(
                "inframind-nodes", HEAD, lines(find_nodes(asked.node_query(), limit=ALL, offset=0))
            )
        page = _page(asked, signed_in_wallet(request))
        template = "staking/nodes.html#leaderboard" if part else "staking/nodes.html"
        return render(request, template, {"page": page})

    # What is looked for has no bound, so it is not kept.
    if asked.search or not page_cache.is_shared(request):
        return page_cache.private(made())
    return page_cache.respond(request, ("nodes", asked, theme_of(request), part), made)


@require_safe
def field_chart(request: HttpRequest) -> HttpResponse:
    """The chart alone for the page that asks for it, or a page of its own for a reader without script."""
    part = wants_part(request)

    def made() -> HttpResponse:
        template = "staking/field.html#chart" if part else "staking/field.html"
        return render(request, template, {"chart": _field()})

    if not page_cache.is_shared(request):
        return page_cache.private(made())
    return page_cache.respond(request, ("field", theme_of(request), part), made)


def wants_part(request: HttpRequest) -> bool:
    """htmx asks for what it swaps in; when it restores a page from history it needs the whole."""
    return "HX-Request" in request.headers and "HX-History-Restore-Request" not in request.headers


def _page(asked: Asked, reader: str | None) -> LeaderboardPage:
    epoch, ranking = open_epoch(), latest_id()
    found, count = _found(asked, epoch, ranking)
    if asked.page > 1 and not found:
        raise Http404
    params = epoch.params if epoch else DEFAULTS
    figures = leaderboard.headline(epoch=epoch, ranking=ranking) if epoch else leaderboard.NOTHING
    return LeaderboardPage(
        figures=figures,
        filters=asked.filters(figures.regions), sort=asked.sort(), rows=tuple(row_of(node) for node in found),
        pager=asked.pager(count), max_score_bps=_highest_score(params),
        ranking_seconds=params.ranking_seconds, reward_epochs=REWARD_EPOCHS,
        own=_own(reader, epoch, ranking) if asked == Asked() else (), charted=ranking is not None,
        csv_query=address_of(asked.address(), format="csv"),
        filtered="" if found else ", ".join(word for word, _ in asked.without()),
        loosened=() if found else _loosened(asked, epoch, ranking),
    )  # fmt: skip


def _found(asked: Asked, epoch: OpenEpoch | None, ranking: int | None) -> tuple[list[NodeFigures], int]:
    if epoch is None:
        return [], 0
    first = (asked.page - 1) * asked.size
    return nodes_page(asked.node_query(), epoch=epoch, ranking=ranking, limit=asked.size, offset=first)


def _loosened(asked: Asked, epoch: OpenEpoch | None, ranking: int | None) -> tuple[tuple[str, str, int], ...]:
    """What would be found without one of the filters: the way out of an empty list."""
    counted = [(word, other, _found(other, epoch, ranking)[1]) for word, other in asked.without()]
    return tuple((word, address_of(other.address()), count) for word, other, count in counted if count)


def _own(reader: str | None, epoch: OpenEpoch | None, ranking: int | None) -> tuple[LeaderboardRow, ...]:
    """The reader's nodes head the bare list; a list that was asked for holds what was asked."""
    if reader is None or epoch is None:
        return ()
    mine = leaderboard.nodes_of_wallet(reader, epoch=epoch, ranking=ranking, limit=OWN_LISTED)
    return tuple(row_of(node) for node in mine)


def _field() -> Any:
    epoch, ranking = open_epoch(), latest_id()
    if epoch is None or ranking is None:
        return None
    leaders = leaderboard.leaders(ranking, limit=LEADERS)
    places = leaderboard.places([row.node_id for row in leaders[:8]], rankings=RANKINGS_CHARTED)
    return field(leaders, leaderboard.largest(ranking, limit=CHARTED), places, epoch.params)


def _highest_score(params: Parameters) -> int:
    return BPS + params.q_latency_bps + params.q_uptime_bps + params.q_stake_bps + params.q_scarcity_bps
