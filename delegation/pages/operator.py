"""`/operator/` and `/operator/ADDR/`: the nodes I run, their stake, their terms, the running epoch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from delegation.pages import terms
from delegation.pages.acts import ACTS
from delegation.pages.money import form_of
from delegation.pages.situation import Situation, situation_of
from delegation.pages.terms import Filled
from delegation.pages.wish import Wish, plain
from delegation.selectors.console import Accusation, RunNode, accusations, run_nodes
from delegation.selectors.positions import PositionFigures, count_on_node, positions_on_node
from delegation.selectors.running import Running, running_epoch
from staking.models import Node
from staking.pages.leaderboard_rows import state_of
from staking.pages.reader import of_reader
from staking.protocol.addresses import normalize
from staking.protocol.errors import AddressInvalid, ProtocolError
from staking.selectors.nodes import regions
from staking.services import clock, nodes
from staking.services.epochs import OpenEpoch
from staking.settlement.live import open_epoch
from staking.templatetags.money import fixed

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
@of_reader
def console(request: HttpRequest, wallet: str, address: str = "") -> HttpResponse:
    return _console(request, wallet, address)


@require_POST
@of_reader
def save_terms(request: HttpRequest, wallet: str, address: str) -> HttpResponse:
    filled = terms.read_terms(request.POST)
    return _saved(request, wallet, address, filled, gettext("The terms are saved."), terms=filled)


@require_POST
@of_reader
def save_details(request: HttpRequest, wallet: str, address: str) -> HttpResponse:
    filled = terms.read_details(request.POST)
    return _saved(request, wallet, address, filled, gettext("The node is changed."), details=filled)


@require_http_methods(["GET", "HEAD", "POST"])
@of_reader
def retire(request: HttpRequest, wallet: str, address: str) -> HttpResponse:
    """GET: what retiring means. POST: do it; again is refused, since it is done."""
    node = _own(wallet, address)
    refusal: ProtocolError | None = None
    if request.method == "POST":
        try:
            nodes.change(node=node.address, actor=wallet, changes={"status": "retired"}, now=clock.now())
        except ProtocolError as error:
            refusal = error
        else:
            messages.success(request, gettext("%(name)s is retired.") % {"name": node.name})
            return HttpResponseRedirect(reverse("operator-node", args=[address]), status=303)
    context = {"node": node, "refusal": refusal}
    return render(request, "delegation/retire.html", context, status=refusal.status if refusal else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@of_reader
def register(request: HttpRequest, wallet: str) -> HttpResponse:
    """A new node, whose operator the reader is. Sent twice, the second finds the address taken by itself."""
    filled = Filled({})
    if request.method == "POST":
        filled = terms.read_node(request.POST)
        if filled.refusal is None:
            try:
                made = nodes.register(operator=wallet, now=clock.now(), **filled.values)
            except ProtocolError as error:
                if Node.objects.filter(address=filled.values["address"], operator=wallet).exists():
                    return HttpResponseRedirect(
                        reverse("operator-node", args=[filled.values["address"]]), status=303
                    )
                filled = Filled(filled.texts, filled.values, error)
            else:
                messages.success(
                    request, gettext("%(name)s is registered. Stake on it next.") % {"name": made.name}
                )
                return HttpResponseRedirect(reverse("operator-node", args=[made.address]), status=303)
    epoch = open_epoch()
    share = fixed(epoch.params.delegator_share_bps, 2, 0) if epoch else ""
    context = {"filled": filled, "regions": regions(), "share": share}
    status = filled.refusal.status if filled.refusal else 200
    return render(request, "delegation/register.html", context, status=status)


def _saved(
    request: HttpRequest, wallet: str, address: str, filled: Filled, said: str, **shown: Filled
) -> HttpResponse:
    node = _own(wallet, address)
    refusal = filled.refusal
    if refusal is None:
        try:
            nodes.change(node=node.address, actor=wallet, changes=filled.values, now=clock.now())
        except ProtocolError as error:
            refusal = error
    if refusal is None:
        messages.success(request, said)
        return HttpResponseRedirect(reverse("operator-node", args=[node.address]), status=303)
    (name,) = shown
    return _console(request, wallet, address, **{name: Filled(filled.texts, filled.values, refusal)})


def _own(wallet: str, address: str) -> Node:
    try:
        node = Node.objects.select_related("pool").filter(address=normalize(address)).first()
    except AddressInvalid:
        raise Http404 from None
    if node is None or node.operator != wallet:
        raise Http404
    return node


def _console(
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
        least_share_bps=max(share - epoch.params.delegator_share_max_cut_bps, nodes.SHARE_FLOOR),
        delegators=tuple(positions_on_node(node.id, limit=DELEGATORS_LISTED, offset=0)),
        delegators_count=count_on_node(node.id),
    )


def _terms_now(chosen: Chosen | None) -> Filled:
    if chosen is None:
        return Filled({})
    cap = chosen.node.delegation_cap
    share = fixed(chosen.share_next_bps, 2, 2).rstrip("0").rstrip(".")
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
            "hardware": terms.write_hardware(node.hardware),
        }
    )
