"""What an operator's console shows of its nodes; the number of queries does not depend on how many there are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from delegation.selectors.operators import OwnNode, nodes_run_by
from protocol import tiers
from protocol.amounts import BPS
from staking.models import NodeEpoch, Slash
from staking.selectors.node_figures import NodeFigures, read_figures
from staking.selectors.rankings import latest_id
from staking.services.epochs import OpenEpoch


@dataclass(frozen=True, slots=True)
class RunNode:
    """A node that the reader runs; `last_reward`: the operator's part of the last settled epoch, in µIFM."""

    own: OwnNode
    node: NodeFigures
    last_reward: int | None


@dataclass(frozen=True, slots=True)
class Accusation:
    """An undecided slash of an own node: what it would take of each side in µIFM, and the tier that would be left.

    `until`: the end of the time to dispute, or of the vote. `may_dispute`: it is still open to a dispute.
    """

    slash: Slash
    node: NodeFigures
    own: int
    delegated: int
    tier: int
    left: int
    until: datetime
    may_dispute: bool
    done_bps: int


def run_nodes(wallet: str, *, epoch: OpenEpoch) -> list[RunNode]:
    """The wallet's nodes by address; four queries."""
    own = nodes_run_by(wallet)
    ids = [node.node_id for node in own]
    figures = {node.id: node for node in read_figures(ids, epoch=epoch, ranking=latest_id())}
    paid = NodeEpoch.objects.filter(epoch=epoch.number - 1, node_id__in=ids)
    rewards = {row.node_id: row.operator_reward + row.honest_operator for row in paid}
    return [RunNode(node, figures[node.node_id], rewards.get(node.node_id)) for node in own]


def accusations(nodes: list[RunNode], *, epoch: OpenEpoch, now: datetime) -> list[Accusation]:
    """Undecided slashes of these nodes, the most urgent first; one query."""
    figures = {run.node.id: run.node for run in nodes}
    found = Slash.objects.filter(node_id__in=list(figures), status__in=Slash.UNRESOLVED)
    return [
        _accusation(slash, figures[slash.node_id], epoch, now) for slash in found.order_by("due_epoch", "id")
    ]


def _accusation(slash: Slash, node: NodeFigures, epoch: OpenEpoch, now: datetime) -> Accusation:
    own = min(slash.base_self * slash.self_bps // BPS, node.self_stake)
    delegated = min(slash.base_delegated * slash.delegated_bps // BPS, node.delegated)
    left = node.effective_stake - own - delegated
    disputable = slash.status == Slash.Status.PENDING
    last = slash.disputable_until_epoch if disputable else slash.due_epoch
    until = epoch.end + (last - epoch.number) * timedelta(seconds=epoch.params.epoch_seconds)
    whole = until - slash.created_at
    gone = min(max(now - slash.created_at, timedelta()), whole)
    return Accusation(
        slash=slash,
        node=node,
        own=own,
        delegated=delegated,
        tier=tiers.tier_of(epoch.params, left),
        left=left,
        until=until,
        may_dispute=disputable and epoch.number <= slash.disputable_until_epoch,
        done_bps=gone * BPS // whole if whole else BPS,
    )
