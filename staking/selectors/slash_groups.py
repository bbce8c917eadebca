"""The slashes of one node and epoch together: their combined loss, and what overturning one of them saves (R34)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from protocol.slashing import due_together
from staking.models import Bucket, Node, Slash


class Loss(NamedTuple):
    """µIFM slashed from each side, before anything is returned to delegators (R35)."""

    own: int
    delegated: int

    @property
    def total(self) -> int:
        return self.own + self.delegated


@dataclass(frozen=True, slots=True)
class SlashGroup:
    """The slashes of one node and epoch, in the order of their execution. Amounts in µIFM.

    `available`: bonded stake and liable unbonding stake of both sides now. `taken`: the amounts of the executed ones.
    """

    slashes: tuple[Slash, ...]
    available: Loss
    taken: Loss

    @property
    def unresolved(self) -> tuple[Slash, ...]:
        return tuple(slash for slash in self.slashes if slash.status in Slash.UNRESOLVED)

    @property
    def open_loss(self) -> Loss:
        """The amounts that the unresolved slashes take together if none is overturned."""
        return self._loss(self.unresolved)

    @property
    def loss(self) -> Loss:
        """The amounts that all slashes take together if none is overturned: executed ones and unresolved ones."""
        return _sum(self.taken, self.open_loss)

    def alone(self, slash: Slash) -> Loss:
        """The amounts that an unresolved slash takes if every other unresolved one is overturned."""
        return self._loss([slash])

    def saved_without(self, slash: Slash) -> Loss:
        """The amounts that are not slashed if this unresolved slash alone is overturned."""
        others = self._loss([other for other in self.unresolved if other.pk != slash.pk])
        return Loss(self.open_loss.own - others.own, self.open_loss.delegated - others.delegated)

    def _loss(self, slashes: Iterable[Slash]) -> Loss:
        rates = [(slash.self_bps, slash.delegated_bps) for slash in slashes]
        first = self.slashes[0]
        return Loss(
            due_together([own for own, _ in rates], first.base_self, self.taken.own, self.available.own),
            due_together(
                [delegated for _, delegated in rates],
                first.base_delegated,
                self.taken.delegated,
                self.available.delegated,
            ),
        )


def group_of(slash: Slash) -> SlashGroup:
    """Return the group of a slash; three queries."""
    return groups_of([slash])[slash.node_id, slash.epoch]


def groups_of(slashes: Iterable[Slash]) -> dict[tuple[int, int], SlashGroup]:
    """Return the groups of these slashes by (node, epoch); three queries for any number of them."""
    keys = {(slash.node_id, slash.epoch) for slash in slashes}
    if not keys:
        return {}
    members: dict[tuple[int, int], list[Slash]] = {key: [] for key in keys}
    rows = Slash.objects.filter(
        node_id__in={node for node, _ in keys}, epoch__in={epoch for _, epoch in keys}
    )
    for row in rows.order_by("table_order", "id"):
        if (row.node_id, row.epoch) in keys:
            members[row.node_id, row.epoch].append(row)
    available = _available(keys)
    return {key: SlashGroup(tuple(rows), available[key], _taken(rows)) for key, rows in members.items()}


def _available(keys: set[tuple[int, int]]) -> dict[tuple[int, int], Loss]:
    """Return bonded stake and liable buckets of both sides (R37)."""
    nodes = {node for node, _ in keys}
    bonded = Node.objects.filter(id__in=nodes).values_list("id", "self_stake", "pool__tokens")
    stake = {node: Loss(own, delegated) for node, own, delegated in bonded}
    buckets = Bucket.objects.filter(node_id__in=nodes, tokens__gt=0)
    liable = list(buckets.values_list("node_id", "epoch", "kind", "tokens"))
    return {
        (node, epoch): _sum(
            stake[node],
            *(
                Loss(tokens, 0) if kind == "self" else Loss(0, tokens)
                for owner, bucket, kind, tokens in liable
                if owner == node and bucket >= epoch
            ),
        )
        for node, epoch in keys
    }


def _taken(slashes: Iterable[Slash]) -> Loss:
    executed = [slash for slash in slashes if slash.status == Slash.Status.EXECUTED]
    return _sum(*(Loss(slash.self_slashed, slash.delegated_slashed) for slash in executed))


def _sum(*losses: Loss) -> Loss:
    return Loss(sum(loss.own for loss in losses), sum(loss.delegated for loss in losses))
