"""Nodes that a delegation can move to, to choose from by name, rank, APR and share."""

from __future__ import annotations

from dataclasses import dataclass

from delegation.pages.actions.context import ActionContext
from delegation.pages.actions.forms import RedelegateForm
from protocol.projection import project
from staking.selectors.estimates import pasts_of
from staking.selectors.nodes import NodeFigures, NodeQuery, find_nodes
from web.query_params import MAX_SEARCH

LISTED = 8


@dataclass(frozen=True, slots=True)
class Targets:
    """The search text, the nodes found, best rank first, and the address that is chosen ("": none).

    `amount`: µIFM for which the APR in bps beside each node is estimated.
    """

    search: str
    nodes: tuple[tuple[NodeFigures, int | None], ...]
    chosen: str
    amount: int


def targets(form: RedelegateForm, search: str) -> Targets:
    """Open nodes that match `search`, without the delegation's own node and those that the wallet runs."""
    context = form.context
    text = search.strip()[:MAX_SEARCH]
    source = context.node.address if context.node else ""
    nodes = find_nodes(NodeQuery(open_only=True, search=text), limit=LISTED * 3, offset=0)
    others = [node for node in nodes if node.address != source and node.operator != context.wallet]
    chosen = str(form["to"].value() or "").lower()
    amount = max(context.delegated - context.redelegating, 0)
    listed = _with_chosen(others, chosen)
    return Targets(text, tuple(zip(listed, _aprs(listed, context, amount), strict=True)), chosen, amount)


def _aprs(nodes: list[NodeFigures], context: ActionContext, amount: int) -> list[int | None]:
    """The estimated APR of the whole delegation on each node."""
    pasts = pasts_of([node.id for node in nodes], epoch=context.epoch.number) if amount else {}
    params = context.epoch.params
    return [
        project(params, pasts[node.id], held=0, amount=amount).apr_bps if node.id in pasts else None
        for node in nodes
    ]


def _with_chosen(nodes: list[NodeFigures], chosen: str) -> list[NodeFigures]:
    """The first of the list, and the chosen node in front when it is not among them."""
    listed = nodes[:LISTED]
    if not chosen or any(node.address == chosen for node in listed):
        return listed
    return [*find_nodes(NodeQuery(search=chosen), limit=1, offset=0), *listed]
