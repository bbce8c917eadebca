"""The operator's own stake on a locked node: what is added is pending, what is taken is pending first (R13, R16)."""

from __future__ import annotations

from protocol.pending import ACTIVE, Pending, add, since, take
from staking.models import Node
from staking.services.epochs import EpochParameters

FIELDS = ["self_stake", "pending_stake", "pending_epoch", "pending_parts"]


def add_stake(node: Node, parts: Pending, epoch: EpochParameters) -> None:
    """Add own stake that the ledger has moved to the node's account: µIFM by the epoch in which they were made."""
    node.self_stake += sum(parts.values())
    node.pending = add(since(node.pending, epoch.number), parts)
    node.save(update_fields=FIELDS)


def take_stake(node: Node, amount: int, epoch: EpochParameters) -> int:
    """Take µIFM that the ledger has moved from the node's account, pending first; the active part of it (R16)."""
    node.pending, taken = take(since(node.pending, epoch.number), amount)
    node.self_stake -= amount
    node.save(update_fields=FIELDS)
    return taken.get(ACTIVE, 0)
