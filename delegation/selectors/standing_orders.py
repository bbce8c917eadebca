"""Standing orders of a wallet, with the nodes on which their conditions hold."""

from __future__ import annotations

from dataclasses import dataclass

from delegation.models import OrderMatch, Position, StandingOrder
from staking.models import Node


@dataclass(frozen=True, slots=True)
class OrderState:
    """A standing order and its matches, oldest first; each was notified when it was made."""

    order: StandingOrder
    matches: tuple[OrderMatch, ...]


def orders_of(wallet: str) -> list[OrderState]:
    """Return the standing orders of a wallet, oldest first; two queries."""
    orders = StandingOrder.objects.filter(wallet=wallet).select_related("node", "target").order_by("pk")
    matches: dict[int, list[OrderMatch]] = {}
    for match in OrderMatch.objects.filter(order__wallet=wallet).select_related("node").order_by("pk"):
        matches.setdefault(match.order_id, []).append(match)
    return [OrderState(order, tuple(matches.get(order.pk, ()))) for order in orders]


def delegated_nodes(wallet: str) -> list[Node]:
    """Return the nodes on which a wallet has shares, by name."""
    held = Position.objects.filter(wallet=wallet, shares__gt=0).values_list("node_id", flat=True)
    return list(Node.objects.filter(pk__in=held).order_by("name", "address"))
