"""Figures of an operator's nodes for its console; the number of queries does not depend on how many there are."""

from __future__ import annotations

from dataclasses import dataclass

from delegation.selectors.operators import OwnNode, nodes_run_by
from postgres.batched_reads import batched_reads
from staking.models import NodeEpoch
from staking.selectors.node_figures import NodeFigures, read_figures
from staking.selectors.rankings import latest_id
from staking.services.epochs import open_epoch


@dataclass(frozen=True, slots=True)
class RunNode:
    """A node that the reader runs; `last_reward`: the operator's part of the last settled epoch, in µIFM."""

    own: OwnNode
    node: NodeFigures
    last_reward: int | None


def run_nodes(wallet: str) -> list[RunNode]:
    """The wallet's nodes by address, none before the network's first start; five queries."""
    with batched_reads() as reads:
        opened = reads.submit(open_epoch)
        own = reads.submit(nodes_run_by, wallet)
        ranking = reads.submit(latest_id)
    epoch = opened.result()
    if epoch is None:
        return []
    ids = [node.node_id for node in own.result()]
    paid = NodeEpoch.objects.filter(epoch=epoch.number - 1, node_id__in=ids)
    with batched_reads() as reads:
        nodes = reads.submit(read_figures, ids, epoch=epoch, ranking=ranking.result())
        rows = reads.submit(list, paid)
    figures = {node.id: node for node in nodes.result()}
    rewards = {row.node_id: row.operator_reward + row.honest_operator for row in rows.result()}
    return [RunNode(node, figures[node.node_id], rewards.get(node.node_id)) for node in own.result()]
