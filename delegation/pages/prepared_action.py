"""The prepared action of a standing order: the address of its form, filled in."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_safe

from delegation.pages.actions.context import node_by_address
from protocol.addresses import checksum
from staking.models import Node
from staking.services.admission import has_open_unbonding


def prepared_action(node: Node, target: Node | None, *, operator_unbonds: bool) -> str:
    """Return the address of the form that moves everything from a node: to `target`, else back to the wallet."""
    to = destination(node, target, operator_unbonds=operator_unbonds)
    query = {"node": checksum(node.address), "amount": "all"}
    if to is None:
        return f"{reverse('money', args=['undelegate'])}?{urlencode(query)}"
    return f"{reverse('money', args=['redelegate'])}?{urlencode(query | {'to': checksum(to.address)})}"


def destination(node: Node, target: Node | None, *, operator_unbonds: bool) -> Node | None:
    """Return the node to redelegate to; None to undelegate.

    Stake already on the target is undelegated, and so is stake of a node whose operator unbonds (R19).
    """
    if target is None or target.pk == node.pk or (operator_unbonds and not node.banned):
        return None
    return target


def prepared_later(node: str, target: str | None) -> str:
    """Return an address that leads to the prepared action which is possible when it is opened."""
    query = {"node": checksum(node)} | ({"to": checksum(target)} if target else {})
    return f"{reverse('prepared-action')}?{urlencode(query)}"


@require_safe
def redirect_to_action(request: HttpRequest) -> HttpResponse:
    """`/orders/prepared/?node=&to=`: the form of the action that is possible now."""
    node, target = _node(request, "node"), _node(request, "to") if request.GET.get("to") else None
    address = prepared_action(node, target, operator_unbonds=has_open_unbonding(node))
    return HttpResponseRedirect(address)


def _node(request: HttpRequest, name: str) -> Node:
    node = node_by_address(request.GET.get(name, ""))
    if node is None:
        raise Http404
    return node
