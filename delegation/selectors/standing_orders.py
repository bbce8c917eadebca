"""Standing orders of a wallet, with the nodes on which their conditions hold."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Exists, OuterRef

from delegation.models import OrderMatch, Position, StandingOrder
from staking.models import Node, Unbonding

_OPERATOR_UNBONDS = Exists(Unbonding.objects.filter(node=OuterRef("node"), kind="self", status="open"))


@dataclass(frozen=True, slots=True)
class MatchState:
    """A match, and whether the operator of its node unbonds now, so that stake there cannot be redelegated (R19)."""

    match: OrderMatch
    operator_unbonds: bool


@dataclass(frozen=True, slots=True)
class OrderState:
    """A standing order and its matches, oldest first; each was notified when it was made."""

    order: StandingOrder
    matches: tuple[MatchState, ...]


def orders_of(wallet: str) -> list[OrderState]:
    """Return the standing orders of a wallet, oldest first; two queries."""
    orders = StandingOrder.objects.filter(wallet=wallet).select_related("node", "target").order_by("pk")
    matches: dict[int, list[MatchState]] = {}
    rows = OrderMatch.objects.filter(order__wallet=wallet).select_related("node").order_by("pk")
    for match in rows.annotate(operator_unbonds=_OPERATOR_UNBONDS):
        matches.setdefault(match.order_id, []).append(MatchState(match, match.operator_unbonds))
    return [OrderState(order, tuple(matches.get(order.pk, ()))) for order in orders]


def delegated_nodes(wallet: str) -> list[Node]:
    """Return the nodes on which a wallet has shares, by name."""
    held = Position.objects.filter(wallet=wallet, shares__gt=0).values_list("node_id", flat=True)
    return list(Node.objects.filter(pk__in=held).order_by("name", "address"))
