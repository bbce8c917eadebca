"""Forms of an operator that move no money: terms, details, retiring a node, registering one."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST

from delegation.pages import node_form_values
from delegation.pages.action_form import plain_share
from delegation.pages.node_form_values import Filled
from delegation.pages.operator import console_page
from protocol.addresses import normalize
from protocol.errors import AddressInvalid, ProtocolError
from staking.measurement.live import open_epoch
from staking.models import Node
from staking.selectors.nodes import regions
from staking.services import clock, nodes
from web.current_user import wallet_required


@require_POST
@wallet_required
def save_terms(request: HttpRequest, wallet: str, address: str) -> HttpResponse:
    filled = node_form_values.read_terms(request.POST)
    return _saved(request, wallet, address, filled, gettext("The terms are saved."), terms=filled)


@require_POST
@wallet_required
def save_details(request: HttpRequest, wallet: str, address: str) -> HttpResponse:
    filled = node_form_values.read_details(request.POST)
    return _saved(request, wallet, address, filled, gettext("The node is changed."), details=filled)


@require_http_methods(["GET", "HEAD", "POST"])
@wallet_required
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
@wallet_required
def register(request: HttpRequest, wallet: str) -> HttpResponse:
    """A new node, whose operator the reader is. Sent twice, the second finds the address taken by itself."""
    filled = Filled({})
    if request.method == "POST":
        filled = node_form_values.read_node(request.POST)
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
    share = plain_share(epoch.params.delegator_share_bps) if epoch else ""
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
    return console_page(request, wallet, address, **{name: Filled(filled.texts, filled.values, refusal)})


def _own(wallet: str, address: str) -> Node:
    try:
        node = Node.objects.select_related("pool").filter(address=normalize(address)).first()
    except AddressInvalid:
        raise Http404 from None
    if node is None or node.operator != wallet:
        raise Http404
    return node
