"""Nodes that a delegation can move to, to choose from by name, rank, APR and share."""

from __future__ import annotations

from dataclasses import dataclass

from delegation.pages.actions.forms import RedelegateForm
from staking.selectors.nodes import NodeFigures, NodeQuery, find_nodes
from web.query_params import MAX_SEARCH

LISTED = 8


@dataclass(frozen=True, slots=True)
class Targets:
    """The search text, the nodes found, best rank first, and the address that is chosen ("": none)."""

    search: str
    nodes: tuple[NodeFigures, ...]
    chosen: str


def targets(form: RedelegateForm, search: str) -> Targets:
    """Open nodes that match `search`, without the delegation's own node and those that the wallet runs."""
    context = form.context
    text = search.strip()[:MAX_SEARCH]
    source = context.node.address if context.node else ""
    found = find_nodes(NodeQuery(open_only=True, search=text), limit=LISTED * 3, offset=0)
    others = [node for node in found if node.address != source and node.operator != context.wallet]
    chosen = str(form["to"].value() or "").lower()
    return Targets(text, tuple(_with_chosen(others, chosen)), chosen)


def _with_chosen(nodes: list[NodeFigures], chosen: str) -> list[NodeFigures]:
    """The first of the list, and the chosen node in front when it is not among them."""
    listed = nodes[:LISTED]
    if not chosen or any(node.address == chosen for node in listed):
        return listed
    return [*find_nodes(NodeQuery(search=chosen), limit=1, offset=0), *listed]
