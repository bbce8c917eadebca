"""`/operator/` and `/operator/ADDR/`: the nodes that a wallet operates, their stake, terms and open epoch."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from delegation.pages.actions.context import action_context
from delegation.pages.actions.registry import ACTIONS
from delegation.pages.forms import NodeDetailsForm, TermsForm
from delegation.pages.money import form_context
from delegation.selectors.forecast import Forecast, forecast
from delegation.selectors.open_epoch import OpenEpochCounts, open_epoch_counts
from delegation.selectors.operator_console import RunNode, run_nodes
from delegation.selectors.pending_slashes import PendingSlashes, pending_slashes
from delegation.selectors.positions import PositionFigures, count_on_node, positions_on_node
from postgres.batched_reads import batched_reads
from protocol.addresses import normalize
from protocol.bounds import SHARE_FLOOR
from protocol.errors import AddressInvalid
from staking.charts import node as charts
from staking.models import Node
from staking.pages.leaderboard_rows import state_of
from staking.selectors import node_history
from staking.services import clock
from staking.services.epochs import OpenEpoch, open_epoch
from web.charts import Chart
from web.current_user import wallet_required

DELEGATORS_LISTED = 10
CHARTED_EPOCHS = 30


@dataclass(frozen=True, slots=True)
class Chosen:
    """The node that the console shows; shares in bps."""

    run: RunNode
    node: Node
    counts: OpenEpochCounts
    forecast: Forecast
    share_now_bps: int
    share_next_bps: int
    next_epoch: int
    least_share_bps: int
    delegators: tuple[PositionFigures, ...]
    delegators_count: int
    reward_chart: Chart | None


@dataclass(frozen=True, slots=True)
class ConsolePage:
    epoch: OpenEpoch
    nodes: tuple[tuple[RunNode, str], ...]
    pending_slashes: tuple[PendingSlashes, ...]
    chosen: Chosen | None
    terms: TermsForm | None
    details: NodeDetailsForm | None


@require_safe
@wallet_required
def console(request: HttpRequest, wallet: str, address: str = "") -> HttpResponse:
    return console_page(request, wallet, address)


def console_page(
    request: HttpRequest,
    wallet: str,
    address: str,
    *,
    terms: TermsForm | None = None,
    details: NodeDetailsForm | None = None,
) -> HttpResponse:
    """The console; `terms` and `details` are forms that were refused. Raises: Http404."""
    now = clock.now()
    with batched_reads() as reads:
        opened = reads.submit(open_epoch)
        own_read = reads.submit(run_nodes, wallet)
    epoch, own = opened.result(), own_read.result()
    if epoch is None:
        raise Http404
    run = _chosen(own, address)
    with batched_reads() as reads:
        chosen_read = reads.submit(_of_node, run, epoch, now)
        pending = reads.submit(pending_slashes, [run.node for run in own], epoch=epoch)
        stake = reads.submit(action_context, wallet, run.node.address if run else "", now=now)
    chosen = chosen_read.result()
    page = ConsolePage(
        epoch=epoch,
        nodes=tuple((one, state_of(one.node)) for one in own),
        pending_slashes=tuple(pending.result()),
        chosen=chosen,
        terms=terms or (_terms(chosen) if chosen else None),
        details=details or (_details(chosen.node) if chosen else None),
    )
    status = next((form.status for form in (terms, details) if form), 200)
    context: dict[str, Any] = {"page": page}
    if chosen is not None:
        context |= form_context(ACTIONS["stake"], ACTIONS["stake"].form({}, stake.result()))
    return render(request, "delegation/operator.html", context, status=status)


def least_share(node: Node, epoch: OpenEpoch) -> int:
    """The lowest delegator share in bps that the node may announce for the next epoch (R48)."""
    return max(node.share_in(epoch.number) - epoch.params.delegator_share_max_cut_bps, SHARE_FLOOR)


def _chosen(own: list[RunNode], address: str) -> RunNode | None:
    if not address:
        return own[0] if own else None
    try:
        wanted = normalize(address)
    except AddressInvalid:
        raise Http404 from None
    selected = next((run for run in own if run.node.address == wanted), None)
    if selected is None:
        raise Http404
    return selected


def _of_node(run: RunNode | None, epoch: OpenEpoch, now: datetime) -> Chosen | None:
    if run is None:
        return None
    with batched_reads() as reads:
        node_read = reads.submit(Node.objects.select_related("pool").get, id=run.node.id)
        counts_read = reads.submit(_counts, run, epoch, now)
        delegators = reads.submit(positions_on_node, run.node.id, limit=DELEGATORS_LISTED, offset=0)
        count = reads.submit(count_on_node, run.node.id)
        rows = reads.submit(node_history.epochs, run.node.id, limit=CHARTED_EPOCHS)
    node = node_read.result()
    counts, outlook = counts_read.result()
    return Chosen(
        run=run,
        node=node,
        counts=counts,
        forecast=outlook,
        share_now_bps=node.share_in(epoch.number),
        share_next_bps=node.share_in(epoch.number + 1),
        next_epoch=epoch.number + 1,
        least_share_bps=least_share(node, epoch),
        delegators=tuple(delegators.result()),
        delegators_count=count.result(),
        reward_chart=charts.rewards(rows.result(), node.share_in(epoch.number)),
    )


def _counts(run: RunNode, epoch: OpenEpoch, now: datetime) -> tuple[OpenEpochCounts, Forecast]:
    """The node's open epoch so far, and how it will end if the node goes on as in the last hours."""
    counts = open_epoch_counts(run.node.id, registered_at=run.node.registered_at, epoch=epoch, now=now)
    return counts, forecast(run.node, counts, last_reward=run.last_reward, epoch=epoch, now=now)


def _terms(chosen: Chosen) -> TermsForm:
    initial = {
        "delegation_cap": chosen.node.delegation_cap,
        "delegator_share_bps": chosen.share_next_bps,
    }
    return TermsForm(initial=initial, least_share=chosen.least_share_bps, auto_id="terms-%s")


def _details(node: Node) -> NodeDetailsForm:
    initial = {
        "name": node.name,
        "region": node.region,
        "signing_key": node.signing_key,
        **NodeDetailsForm.initial_of(node.hardware),
    }
    return NodeDetailsForm(initial=initial, auto_id="details-%s")
