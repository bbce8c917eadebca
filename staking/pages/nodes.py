"""`/`: headline figures and the leaderboard; `/top-nodes/`: the chart of the top nodes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from protocol.amounts import BPS
from protocol.parameters import DEFAULTS, Parameters
from protocol.projection import project
from staking.charts.top_nodes import top_nodes
from staking.pages.leaderboard_csv import HEAD, lines
from staking.pages.leaderboard_filters import InvalidFilters, NumericFilters
from staking.pages.leaderboard_query import OWN_WATCHLIST, LeaderboardQuery, parse
from staking.pages.leaderboard_rows import row_of
from staking.pages.leaderboard_view_models import LeaderboardPage
from staking.selectors import leaderboard
from staking.selectors.estimates import FIRST_DELEGATION, pasts_of
from staking.selectors.nodes import REWARD_EPOCHS, NodeFigures, nodes_page
from staking.selectors.rankings import latest_id
from staking.selectors.watchlist import ids_of, watched_ids
from staking.services.epochs import OpenEpoch, open_epoch
from web import page_cache
from web.csv_download import download
from web.current_user import signed_in_wallet
from web.listing import address_of
from web.theme import theme_of

OWN_LISTED = 8
LEADERS = 8
CHARTED = 80
RANKINGS_CHARTED = 28
ALL = 1_000_000


@require_safe
def nodes(request: HttpRequest) -> HttpResponse:
    try:
        query = parse(request.META.get("QUERY_STRING", ""))
    except InvalidFilters as invalid:
        return page_cache.private(_invalid(request, invalid))
    wallet, part = signed_in_wallet(request), wants_part(request)

    def render_page() -> HttpResponse:
        watched = _watchlist(query, wallet)
        if query.form:
            return download("inframind-nodes", HEAD, lines(_all_nodes(query, watched)))
        template = "staking/nodes.html#leaderboard" if part else "staking/nodes.html"
        return render(request, template, {"page": _page(query, watched, wallet)})

    # Searches and watchlists are not cached: there is no limit to how many there can be.
    if query.search or query.watched or not page_cache.is_shared(request):
        return page_cache.private(render_page())
    key = ("nodes", query, theme_of(request), part)
    return page_cache.respond(request, key, render_page, query=query.text)


@require_safe
def top_nodes_chart(request: HttpRequest) -> HttpResponse:
    """The chart alone for htmx, or a page of its own without script."""
    part = wants_part(request)

    def render_page() -> HttpResponse:
        template = "staking/top_nodes.html#chart" if part else "staking/top_nodes.html"
        return render(request, template, {"chart": _top_nodes()})

    if not page_cache.is_shared(request):
        return page_cache.private(render_page())
    return page_cache.respond(request, ("top-nodes", theme_of(request), part), render_page, query="")


def wants_part(request: HttpRequest) -> bool:
    """True if htmx swaps in a part; restoring a page from its history it needs the whole."""
    return "HX-Request" in request.headers and "HX-History-Restore-Request" not in request.headers


def _invalid(request: HttpRequest, invalid: InvalidFilters) -> HttpResponse:
    """The page with the errors of its filters at their fields, and no list."""
    form = invalid.form
    errors = tuple((str(form[name].label), str(messages[0])) for name, messages in form.errors.items())
    wallet = signed_in_wallet(request)
    page = replace(_page(replace(invalid.choices, page=1), frozenset(), wallet, form), errors=errors)
    template = "staking/nodes.html#leaderboard" if wants_part(request) else "staking/nodes.html"
    return render(request, template, {"page": page}, status=form.status)


def _watchlist(query: LeaderboardQuery, wallet: str | None) -> frozenset[int] | None:
    """Ids of the nodes that the watchlist filter leaves; None when it is not set."""
    if not query.watched:
        return None
    if query.watched == OWN_WATCHLIST:
        return watched_ids(wallet) if wallet else frozenset()
    return ids_of(query.watched.split(","))


def _page(
    query: LeaderboardQuery,
    watched: frozenset[int] | None,
    wallet: str | None,
    form: NumericFilters | None = None,
) -> LeaderboardPage:
    epoch, ranking = open_epoch(), latest_id()
    nodes, count = _page_of_nodes(query, watched, epoch, ranking)
    if query.page > 1 and not nodes:
        raise Http404
    params = epoch.params if epoch else DEFAULTS
    figures = leaderboard.headline(epoch=epoch, ranking=ranking) if epoch else leaderboard.NOTHING
    stars = watched_ids(wallet) if wallet else frozenset()
    own = _own(wallet, epoch, ranking) if query == LeaderboardQuery() else []
    estimates = _estimates([*nodes, *own], query.amount, epoch)
    return LeaderboardPage(
        figures=figures, filters=query.filters(figures.regions, form), sort=query.sort(),
        rows=tuple(row_of(node, estimates, stars) for node in nodes), pager=query.pager(count),
        max_score_bps=_highest_score(params), ranking_seconds=params.ranking_seconds, reward_epochs=REWARD_EPOCHS,
        amount=query.amount, own=tuple(row_of(node, estimates, stars) for node in own),
        charted=ranking is not None, csv_query=address_of(query.address(), format="csv"), active=query.active(),
        loosened=() if nodes or form else _loosened(query, wallet, epoch, ranking), signed_in=wallet is not None,
    )  # fmt: skip


def _all_nodes(query: LeaderboardQuery, watched: frozenset[int] | None) -> list[NodeFigures]:
    epoch = open_epoch()
    if epoch is None:
        return []
    nodes, _ = nodes_page(query.node_query(watched), epoch=epoch, ranking=latest_id(), limit=ALL, offset=0)
    return nodes


def _page_of_nodes(
    query: LeaderboardQuery, watched: frozenset[int] | None, epoch: OpenEpoch | None, ranking: int | None
) -> tuple[list[NodeFigures], int]:
    if epoch is None:
        return [], 0
    first = (query.page - 1) * query.size
    return nodes_page(query.node_query(watched), epoch=epoch, ranking=ranking, limit=query.size, offset=first)


def _estimates(
    nodes: list[NodeFigures], amount: int | None, epoch: OpenEpoch | None
) -> dict[int, int | None]:
    """APR in bps by node id: of the amount on each node, without one of a first delegation where there is none."""
    open_to_stake = [node for node in nodes if node.status not in ("banned", "retired")]
    ids = [node.id for node in open_to_stake if amount is not None or not node.delegated]
    if epoch is None or not ids:
        return {}
    tried = FIRST_DELEGATION if amount is None else amount
    pasts = pasts_of(ids, epoch=epoch.number)
    return {id_: project(epoch.params, past, held=0, amount=tried).apr_bps for id_, past in pasts.items()}


def _loosened(
    query: LeaderboardQuery, wallet: str | None, epoch: OpenEpoch | None, ranking: int | None
) -> tuple[tuple[str, str, int], ...]:
    """Nodes that match without each of the filters: the next step from an empty list."""
    counted = [
        (word, other, _page_of_nodes(other, _watchlist(other, wallet), epoch, ranking)[1])
        for word, other in query.without()
    ]
    return tuple((word, address_of(other.address()), count) for word, other, count in counted if count)


def _own(wallet: str | None, epoch: OpenEpoch | None, ranking: int | None) -> list[NodeFigures]:
    """The wallet's own nodes and those it delegates to, which head the list without filters."""
    if wallet is None or epoch is None:
        return []
    return leaderboard.nodes_of_wallet(wallet, epoch=epoch, ranking=ranking, limit=OWN_LISTED)


def _top_nodes() -> Any:
    epoch, ranking = open_epoch(), latest_id()
    if epoch is None or ranking is None:
        return None
    leaders = leaderboard.leaders(ranking, limit=LEADERS)
    rankings, places = leaderboard.places([row.node_id for row in leaders[:8]], rankings=RANKINGS_CHARTED)
    return top_nodes(leaders, leaderboard.largest(ranking, limit=CHARTED), rankings, places, epoch.params)


def _highest_score(params: Parameters) -> int:
    return BPS + params.q_latency_bps + params.q_uptime_bps + params.q_stake_bps + params.q_scarcity_bps
