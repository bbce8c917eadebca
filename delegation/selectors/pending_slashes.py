"""Unresolved slashes of an operator's nodes, those of one node and epoch together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from protocol import tiers
from staking.models import Slash
from staking.selectors.node_figures import NodeFigures
from staking.selectors.slash_groups import Loss, SlashGroup, groups_of
from staking.services.epochs import OpenEpoch


@dataclass(frozen=True, slots=True)
class PendingSlash:
    """An unresolved slash. `loss`: taken if all others are overturned; `saved`: not taken if this one is.

    `until`: end of the dispute window, or of the vote.
    """

    slash: Slash
    loss: Loss
    saved: Loss
    until: datetime
    may_dispute: bool


@dataclass(frozen=True, slots=True)
class PendingSlashes:
    """The unresolved slashes of one node and epoch, the most urgent first.

    `loss`: what they take together, µIFM. `tier` and `stake_left`: of the node after that.
    """

    node: NodeFigures
    epoch: int
    slashes: tuple[PendingSlash, ...]
    loss: Loss
    tier: int
    stake_left: int


def pending_slashes(nodes: Sequence[NodeFigures], *, epoch: OpenEpoch) -> list[PendingSlashes]:
    """Return the unresolved slashes of these nodes, the most urgent first; at most four queries."""
    figures = {node.id: node for node in nodes}
    unresolved = Slash.objects.filter(node_id__in=list(figures), status__in=Slash.UNRESOLVED)
    rows = list(unresolved.order_by("due_epoch", "id"))
    groups = groups_of(rows)
    by_key: dict[tuple[int, int], list[Slash]] = {}
    for row in rows:
        by_key.setdefault((row.node_id, row.epoch), []).append(row)
    return [
        _together(figures[node], slashes, groups[node, number], epoch)
        for (node, number), slashes in by_key.items()
    ]


def _together(node: NodeFigures, slashes: list[Slash], group: SlashGroup, epoch: OpenEpoch) -> PendingSlashes:
    loss = group.open_loss
    left = max(node.effective_stake - loss.total, 0)
    return PendingSlashes(
        node=node,
        epoch=slashes[0].epoch,
        slashes=tuple(_pending(slash, group, epoch) for slash in slashes),
        loss=loss,
        tier=tiers.tier_of(epoch.params, left),
        stake_left=left,
    )


def _pending(slash: Slash, group: SlashGroup, epoch: OpenEpoch) -> PendingSlash:
    disputable = slash.status == Slash.Status.PENDING
    last = slash.disputable_until_epoch if disputable else slash.due_epoch
    until = epoch.end + (last - epoch.number) * timedelta(seconds=epoch.params.epoch_seconds)
    return PendingSlash(
        slash=slash,
        loss=group.alone(slash),
        saved=group.saved_without(slash),
        until=until,
        may_dispute=disputable and epoch.number <= slash.disputable_until_epoch,
    )
