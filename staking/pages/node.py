"""The context of a node's page; delegation.pages.node adds the reader's position."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import Http404, HttpRequest
from django.utils.translation import gettext

from postgres.batched_reads import batched_reads
from protocol.addresses import normalize
from protocol.errors import AddressInvalid, NotFound
from protocol.projection import project
from staking.charts import node as charts
from staking.models import Node, Pool, RankingRow
from staking.models.node_sql import APR_EPOCHS
from staking.pages import node_facts, rank_change, reward_change
from staking.pages.leaderboard_rows import is_measured, percentile_of
from staking.pages.node_timeline import timeline
from staking.pages.node_view_models import NodePage
from staking.selectors import node_history as history
from staking.selectors.commitments import commitments_of
from staking.selectors.estimates import FIRST_DELEGATION, pasts_of
from staking.selectors.nodes import NodeFigures, ranked_and_live
from staking.services import clock
from staking.services.epochs import OpenEpoch, open_epoch
from web import query_params
from web.current_user import signed_in_wallet
from web.formatting import moment_text
from web.listing import Pager

Beside = Callable[[NodeFigures, OpenEpoch, datetime], object]

CHARTED_EPOCHS = 30
CHARTED_RANKINGS = 56
DELEGATORS_LISTED = 10
HAPPENINGS = 12


def context(request: HttpRequest, address: str, *, beside: Beside) -> dict[str, Any]:
    """Context of templates/staking/node.html. Raises: Http404.

    `beside` reads what the caller shows beside it, in the same round trips.
    """
    # Loads the session, which a batch of reads cannot: it may write.
    signed_in_wallet(request)
    now = clock.now()
    try:
        with batched_reads() as reads:
            ranked = reads.submit(ranked_and_live, normalize(address), now=now)
            opened = reads.submit(open_epoch)
    except (AddressInvalid, NotFound):
        raise Http404 from None
    (figures, live), epoch = ranked.result(), opened.result()
    assert epoch is not None
    with batched_reads() as reads:
        past = reads.submit(_past, request, figures, epoch)
        commitments = reads.submit(commitments_of, figures.id, epoch=epoch.number)
        besides = reads.submit(beside, figures, epoch, now)
    page = _page(figures, live, epoch, past.result())
    return {"page": page, "figures": figures, "commitments": commitments.result(), "beside": besides.result()}


@dataclass(frozen=True, slots=True)
class _Past:
    """Rows for the page besides the figures: epochs, rankings, delegators and events."""

    epochs: history.EpochsOfNode
    rankings: list[history.RankPoint]
    places: list[RankingRow]
    first_apr_bps: int | None
    delegators: dict[str, Any]
    timeline: Any


def _past(request: HttpRequest, node: NodeFigures, epoch: OpenEpoch) -> _Past:
    with batched_reads() as reads:
        epochs = reads.submit(history.epochs_with_comparison, node.id, limit=CHARTED_EPOCHS)
        rankings = reads.submit(history.rankings, node.id, limit=CHARTED_RANKINGS)
        places = reads.submit(history.last_places, node.id)
        first_apr = reads.submit(_first_apr, node, epoch)
        delegators = reads.submit(_delegators, request, node)
        happened = reads.submit(_timeline, node)
    return _Past(
        epochs.result(),
        rankings.result(),
        places.result(),
        first_apr.result(),
        delegators.result(),
        happened.result(),
    )


def _page(node: NodeFigures, live: NodeFigures | None, epoch: OpenEpoch, past: _Past) -> NodePage:
    rows, ranks = past.epochs.rows, past.rankings
    last = rows[-1] if rows else None
    measured = is_measured(node)
    return NodePage(
        node=node_facts.facts_of(node, epoch.params), rank=node.rank, ranked=ranks[-1].ranked if ranks else 0,
        ranked_at=ranks[-1].at if ranks and node.rank else None, movement=node.movement,
        q=node_facts.q_of(node, epoch.params, _as_of(node, ranks, last)),
        score_bps=node.score_bps if measured else None, apr_bps=node.estimated_apr_bps, apr_epochs=APR_EPOCHS,
        first_apr_bps=past.first_apr_bps, first_delegation=FIRST_DELEGATION,
        measures=node_facts.measures(node, live, last), open_epoch=epoch.number,
        settled_epoch=last["epoch"] if last else None, live_good=live.good if live else None,
        live_accepted=live.accepted if live else None, sla_bps=node.sla_bps,
        uptime_bps=node.uptime_bps if measured else None, latency_ms=node.latency_ms,
        latency_percentile_bps=percentile_of(node),
        last_reward=node_facts.last_reward(last), high_performer_bps=epoch.params.high_performer_bps,
        reward_change=reward_change.explain(rows, past.epochs.pools),
        rank_change=rank_change.explain(past.places) if node.rank else None,
        **_charts(node, past, epoch), **past.delegators,
        history=past.timeline,
    )  # fmt: skip


def _first_apr(node: NodeFigures, epoch: OpenEpoch) -> int | None:
    """The estimated APR in bps of a first delegation, for a node without delegations, as lists show it."""
    if node.delegated or node.status in ("banned", "retired"):
        return None
    past = pasts_of([node.id], epoch=epoch.number).get(node.id)
    return None if past is None else project(epoch.params, past, held=0, amount=FIRST_DELEGATION).apr_bps


def _as_of(node: NodeFigures, ranks: list[history.RankPoint], last: history.Row | None) -> str:
    """The period of the headline figures, in words."""
    if node.rank and ranks:
        return gettext("ranking of %(at)s") % {"at": moment_text(ranks[-1].at)}
    return gettext("epoch %d") % last["epoch"] if last else ""


def _charts(node: NodeFigures, past: _Past, epoch: OpenEpoch) -> dict[str, Any]:
    params, name = epoch.params, node.name or node.address
    rows, ranks, medians = past.epochs.rows, past.rankings, past.epochs.latency_medians
    return {
        "reward_chart": charts.rewards(rows, node.delegator_share_bps),
        "sla_chart": charts.sla(rows, threshold_bps=params.sla_threshold_bps, full_bps=params.sla_full_bps),
        "latency_chart": charts.latency(rows, medians, name, window=params.latency_window_jobs),
        "uptime_chart": charts.uptime(rows, floor_bps=params.uptime_floor_bps),
        "stake_chart": charts.stake(rows),
        "rank_chart": charts.rank([(p.at, p.rank) for p in ranks], ranks[-1].ranked if ranks else 0),
    }


def _delegators(request: HttpRequest, node: NodeFigures) -> dict[str, Any]:
    pool = Pool.objects.get(node_id=node.id)
    number = query_params.page(request.GET)
    positions, count = history.delegators(
        node.id, generation=pool.generation, limit=DELEGATORS_LISTED, offset=(number - 1) * DELEGATORS_LISTED
    )
    if number > 1 and not positions:
        raise Http404
    wallet = signed_in_wallet(request)
    return {
        "delegators": tuple(node_facts.delegator_row(held, node, pool.shares, wallet) for held in positions),
        "delegators_count": count,
        "delegators_pager": Pager(number, DELEGATORS_LISTED, count) if count > DELEGATORS_LISTED else None,
    }


def _timeline(node: NodeFigures) -> Any:
    with batched_reads() as reads:
        row = reads.submit(Node.objects.get, id=node.id)
        slashes = reads.submit(history.slashes, node.id, limit=HAPPENINGS)
        shares = reads.submit(history.share_changes, node.id, limit=HAPPENINGS)
        events = reads.submit(history.events, node.id, kinds=("node_retired",), limit=1)
    return timeline(row.result(), slashes.result(), shares.result(), events.result())
