"""What the operations on positions answer with."""

from __future__ import annotations

from dataclasses import dataclass

from delegation.models import Position
from staking.models import Node, Unbonding


@dataclass(frozen=True, slots=True)
class Held:
    """A position after tokens came or left: ledger transaction, node, position, and the entry on its way out."""

    transaction: int
    node: Node
    position: Position
    unbonding: Unbonding | None = None
