"""The result of an operation on a position."""

from __future__ import annotations

from dataclasses import dataclass

from delegation.models import Position
from staking.models import Node, Unbonding


@dataclass(frozen=True, slots=True)
class Held:
    """A position after an operation: ledger transaction (None: nothing moved), node, position, unbonding entry."""

    transaction: int | None
    node: Node
    position: Position
    unbonding: Unbonding | None = None
