"""What an operator's console shows of its nodes; the number of queries does not depend on how many there are."""

from __future__ import annotations

from dataclasses import dataclass

from delegation.selectors.operators import OwnNode, nodes_run_by
from staking.models import NodeEpoch
from staking.selectors.node_figures import NodeFigures, read_figures
from staking.selectors.rankings import latest_id
from staking.services.epochs import OpenEpoch


@dataclass(frozen=True, slots=True)
class RunNode:
    """A node that the reader runs; `last_reward`: the operator's part of the last settled epoch, in µIFM."""

    own: OwnNode
    node: NodeFigures
    last_reward: int | None


def run_nodes(wallet: str, *, epoch: OpenEpoch) -> list[RunNode]:
    """The wallet's nodes by address; four queries."""
    own = nodes_run_by(wallet)
    ids = [node.node_id for node in own]
    figures = {node.id: node for node in read_figures(ids, epoch=epoch, ranking=latest_id())}
    paid = NodeEpoch.objects.filter(epoch=epoch.number - 1, node_id__in=ids)
    rewards = {row.node_id: row.operator_reward + row.honest_operator for row in paid}
    return [RunNode(node, figures[node.node_id], rewards.get(node.node_id)) for node in own]
