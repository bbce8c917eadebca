"""The results of money operations."""

from __future__ import annotations

from dataclasses import dataclass

from staking.models import Node, Unbonding


@dataclass(frozen=True, slots=True)
class Moved:
    """A money operation on a node: ledger transaction (None when nothing was left to move), node, entry."""

    transaction: int | None
    node: Node
    unbonding: Unbonding | None = None


@dataclass(frozen=True, slots=True)
class Claimed:
    """Earnings paid out: whole µIFM, from which node, in which ledger transaction."""

    transaction: int
    node: Node
    amount: int
