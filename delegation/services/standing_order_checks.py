"""Checks of a new standing order."""

from __future__ import annotations

from delegation.models import StandingOrder
from protocol.bounds import SHARE_CEILING, SHARE_FLOOR
from protocol.errors import Conflict, Invalid, NotFound, ParameterOutOfBounds
from protocol.projection import MAX_APR
from staking.models import Node

MAX_EPOCHS = 30
# Least and greatest threshold of each condition that has one.
THRESHOLDS = {
    StandingOrder.Condition.SHARE_BELOW: (SHARE_FLOOR + 1, SHARE_CEILING),
    StandingOrder.Condition.DEGRADED: (1, MAX_EPOCHS),
    StandingOrder.Condition.APR_BELOW: (1, MAX_APR),
}


def check_condition(condition: str, threshold: int | None, action: str) -> None:
    """Raises: `invalid`, `parameter_out_of_bounds`. Stake of an operator that unbonds cannot be redelegated (R19)."""
    if condition not in StandingOrder.Condition.values:
        raise Invalid("Choose a condition.", field="condition")
    if action not in StandingOrder.Action.values:
        raise Invalid("Choose an action.", field="action")
    _check_threshold(StandingOrder.Condition(condition), threshold)
    if condition == StandingOrder.Condition.OPERATOR_UNBONDS and action == StandingOrder.Action.REDELEGATE:
        raise Invalid(
            "While its operator unbonds, stake cannot be redelegated: choose to undelegate.", field="action"
        )


def _check_threshold(condition: StandingOrder.Condition, threshold: int | None) -> None:
    if condition not in THRESHOLDS:
        if threshold is not None:
            raise Invalid("This condition has no limit: leave the field empty.", field="threshold")
        return
    if threshold is None:
        raise Invalid("Enter a limit for this condition.", field="threshold")
    low, high = THRESHOLDS[condition]
    if not low <= threshold <= high:
        raise ParameterOutOfBounds(f"Choose threshold between {low} and {high}.", field="threshold")


def target_of(action: str, target: str | None, node: Node | None) -> Node | None:
    if action != StandingOrder.Action.REDELEGATE:
        if target:
            raise Invalid("Leave the target empty, or choose to redelegate.", field="target")
        return None
    if not target:
        raise Invalid("Enter the node to redelegate to.", field="target")
    row = node_of(target, "target")
    if node is not None and row.pk == node.pk:
        raise Invalid("Enter another node: the delegation is already on this one.", field="target")
    if row.retired_at is not None or row.banned:
        raise Invalid("This node accepts no delegations any more. Enter another one.", field="target")
    return row


def node_of(address: str, field: str) -> Node:
    row = Node.objects.filter(address=address).first()
    if row is None:
        raise NotFound("No node has this address.", field=field)
    return row


def check_no_way_back(wallet: str, condition: str, node: Node | None, target: Node) -> None:
    """Raises: `conflict` when a rule of the wallet with this condition moves the stake from `target` back.

    `node` None: the new rule is for all delegations. A rule for a node itself replaces that for all.
    """
    others = StandingOrder.objects.filter(wallet=wallet, condition=condition).select_related("node", "target")
    rules = {order.node_id: (order.node, order.target) for order in others}
    rules[node.pk if node else None] = (node, target)

    def rule_of(place: int) -> tuple[Node | None, Node | None]:
        return rules.get(place) or rules.get(None) or (None, None)

    for place in {key for key in rules if key is not None}:
        from_here, to_here = rule_of(place)
        if to_here is None or to_here.pk == place:
            continue
        from_there, to_there = rule_of(to_here.pk)
        if to_there is not None and to_there.pk == place:
            raise _way_back(*((from_there, to_there) if from_here == node else (from_here, to_here)))


def _way_back(node: Node | None, target: Node) -> Conflict:
    name = target.name or target.address
    if node is None:
        return Conflict(
            f"Your rule for all delegations with this condition redelegates to {name}. Delete it first.",
            field="target",
        )
    return Conflict(
        f"Your rule for {node.name or node.address} with this condition redelegates to {name}. Delete it first.",
        field="target",
    )
