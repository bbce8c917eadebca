"""`/operator/` and `/operator/ADDR/`: the nodes I run, their stake, their terms, the running epoch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from delegation.pages import node_form_values
from delegation.pages.action_context import Situation, situation_of
from delegation.pages.action_form import Wish, plain, plain_share
from delegation.pages.actions import ACTS
from delegation.pages.money import form_of
from delegation.pages.node_form_values import Filled
from delegation.selectors.open_epoch import Running, running_epoch
from delegation.selectors.operator_console import Accusation, RunNode, accusations, run_nodes
from delegation.selectors.positions import PositionFigures, count_on_node, positions_on_node
from protocol.addresses import normalize
from protocol.bounds import SHARE_FLOOR
from protocol.errors import AddressInvalid
from staking.measurement.live import open_epoch
from staking.models import Node
from staking.pages.leaderboard_rows import state_of
from staking.selectors.nodes import regions
from staking.services import clock
from staking.services.epochs import OpenEpoch
from web.current_user import wallet_required

DELEGATORS_LISTED = 10


@dataclass(frozen=True, slots=True)
class Chosen:
    """The node that the console is opened on."""

    run: RunNode
    node: Node
    situation: Situation
    running: Running
    share_now_bps: int
    share_next_bps: int
    next_epoch: int
    least_share_bps: int
    delegators: tuple[PositionFigures, ...]
    delegators_count: int


@dataclass(frozen=True, slots=True)
class ConsolePage:
    epoch: OpenEpoch
    nodes: tuple[tuple[RunNode, str], ...]
    accusations: tuple[Accusation, ...]
    chosen: Chosen | None
    terms: Filled
    details: Filled
    regions: tuple[str, ...]


@require_safe
@wallet_required
def console(request: HttpRequest, wallet: str, address: str = "") -> HttpResponse:
    return console_page(request, wallet, address)


def console_page(
    request: HttpRequest,
    wallet: str,
    address: str,
    *,
    terms: Filled | None = None,
    details: Filled | None = None,
) -> HttpResponse:
    epoch = open_epoch()
    if epoch is None:
        raise Http404
    now = clock.now()
    own = run_nodes(wallet, epoch=epoch)
    run = _chosen(own, address)
    chosen = _of_node(wallet, run, epoch) if run is not None else None
    page = ConsolePage(
        epoch=epoch,
        nodes=tuple((one, state_of(one.node)) for one in own),
        accusations=tuple(accusations(own, epoch=epoch, now=now)),
        chosen=chosen,
        terms=terms or _terms_now(chosen),
        details=details or _details_now(chosen),
        regions=tuple(regions()),
    )
    refusal = next((form.refusal for form in (terms, details) if form and form.refusal), None)
    context: dict[str, Any] = {"page": page}
    if chosen is not None:
        wish = Wish("stake", wallet, node=chosen.node.address)
        context |= form_of(ACTS["stake"], wish, chosen.situation)
    return render(request, "delegation/operator.html", context, status=refusal.status if refusal else 200)


def _chosen(own: list[RunNode], address: str) -> RunNode | None:
    if not address:
        return own[0] if own else None
    try:
        wanted = normalize(address)
    except AddressInvalid:
        raise Http404 from None
    found = next((run for run in own if run.node.address == wanted), None)
    if found is None:
        raise Http404
    return found


def _of_node(wallet: str, run: RunNode, epoch: OpenEpoch) -> Chosen:
    now = clock.now()
    situation = situation_of(Wish("stake", wallet, node=run.node.address), now)
    node = situation.node
    assert node is not None
    share = node.share_in(epoch.number)
    return Chosen(
        run=run,
        node=node,
        situation=situation,
        running=running_epoch(node.id, registered_at=node.registered_at, epoch=epoch, now=now),
        share_now_bps=share,
        share_next_bps=node.share_in(epoch.number + 1),
        next_epoch=epoch.number + 1,
        least_share_bps=max(share - epoch.params.delegator_share_max_cut_bps, SHARE_FLOOR),
        delegators=tuple(positions_on_node(node.id, limit=DELEGATORS_LISTED, offset=0)),
        delegators_count=count_on_node(node.id),
    )


def _terms_now(chosen: Chosen | None) -> Filled:
    if chosen is None:
        return Filled({})
    cap = chosen.node.delegation_cap
    share = plain_share(chosen.share_next_bps)
    return Filled({"delegation_cap": "" if cap is None else plain(cap), "delegator_share_bps": share})


def _details_now(chosen: Chosen | None) -> Filled:
    if chosen is None:
        return Filled({})
    node = chosen.node
    return Filled(
        {
            "name": node.name,
            "region": node.region,
            "signing_key": node.signing_key,
            "hardware": node_form_values.write_hardware(node.hardware),
        }
    )
