"""The operator's own stake on a locked node: what is added is pending, what is taken is pending first (R13, R16)."""

from __future__ import annotations

from protocol.pools import pending_first
from staking.models import Node
from staking.services.epochs import OpenEpoch

FIELDS = ["self_stake", "pending_stake", "pending_epoch"]


def add_stake(node: Node, amount: int, epoch: OpenEpoch, *, active: int = 0) -> None:
    """Add µIFM that the ledger has moved to the node's stake account; all but `active` of it is pending (R13)."""
    node.pending_stake, node.pending_epoch = node.pending_in(epoch.number) + amount - active, epoch.number
    node.self_stake += amount
    node.save(update_fields=FIELDS)


def take_stake(node: Node, amount: int, epoch: OpenEpoch) -> int:
    """Take µIFM that the ledger has moved from the node's stake account, pending first; the active part of it (R16)."""
    pending = node.pending_in(epoch.number)
    from_pending, from_active = pending_first(amount, pending)
    node.pending_stake, node.pending_epoch = pending - from_pending, epoch.number
    node.self_stake -= amount
    node.save(update_fields=FIELDS)
    return from_active
