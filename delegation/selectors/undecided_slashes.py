"""Undecided slashes that reach a wallet, those of one node and epoch together (R34)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from delegation.selectors.unbondings import UnbondingFigures
from protocol.amounts import BPS
from staking.models import Slash
from staking.selectors.node_figures import NodeFigures


@dataclass(frozen=True, slots=True)
class UndecidedSlashes:
    """The undecided slashes of a node for offences in one epoch, the first due first.

    `delegation`, `unbonding`, `own`: µIFM that they can take of a wallet at most. On each side of the stake only the
    highest rate applies, so their amounts are not added up.
    """

    node: NodeFigures
    epoch: int
    slashes: tuple[Slash, ...]
    delegation: int
    unbonding: int
    own: int

    @property
    def total(self) -> int:
        return self.delegation + self.unbonding + self.own

    @property
    def rates_bps(self) -> Mapping[str, int]:
        """The highest rate by kind of stake, "self" and "delegated"."""
        return rates_of(self.slashes)


def unresolved_slashes(node_ids: Sequence[int]) -> list[Slash]:
    """Slashes of these nodes that are not decided yet, the first due first; one query."""
    slashes = Slash.objects.filter(node_id__in=list(node_ids), status__in=Slash.UNRESOLVED)
    return list(slashes.order_by("due_epoch", "id"))


def undecided_slashes(
    slashes: Sequence[Slash],
    nodes: Mapping[int, NodeFigures],
    *,
    held: Mapping[int, int],
    staked: Mapping[int, int],
    entries: Sequence[UnbondingFigures],
) -> list[UndecidedSlashes]:
    """Group slashes by node and epoch, with the amounts that they can take of a wallet.

    `held` and `staked`: µIFM of its delegation and of its own stake by node id; `entries`: its unbonding entries.
    """
    groups: dict[tuple[int, int], list[Slash]] = defaultdict(list)
    for slash in slashes:
        groups[slash.node_id, slash.epoch].append(slash)
    return [
        _together(nodes[node], group, held.get(node, 0), staked.get(node, 0), entries)
        for (node, _), group in groups.items()
    ]


def rates_of(slashes: Sequence[Slash]) -> dict[str, int]:
    """The highest rate of some slashes by kind of stake, bps."""
    return {
        "self": max(slash.self_bps for slash in slashes),
        "delegated": max(slash.delegated_bps for slash in slashes),
    }


def _together(
    node: NodeFigures, slashes: Sequence[Slash], held: int, staked: int, entries: Sequence[UnbondingFigures]
) -> UndecidedSlashes:
    epoch, rates = slashes[0].epoch, rates_of(slashes)
    return UndecidedSlashes(
        node=node,
        epoch=epoch,
        slashes=tuple(slashes),
        delegation=held * rates["delegated"] // BPS,
        unbonding=sum(
            entry.amount * rates[entry.kind] // BPS
            for entry in entries
            if entry.node_id == node.id and entry.epoch >= epoch
        ),
        own=staked * rates["self"] // BPS,
    )
