"""Conditions and actions of standing orders in words."""

from __future__ import annotations

from django.utils.translation import gettext, gettext_lazy, ngettext

from delegation.models import StandingOrder
from staking.models import Node
from web.formatting import percent

CONDITIONS = {
    "share_below": gettext_lazy("The delegator share is below"),
    "degraded": gettext_lazy("The node is degraded for"),
    "operator_unbonds": gettext_lazy("The operator unbonds own stake"),
    "slashed": gettext_lazy("A slash is created"),
    "cap_reached": gettext_lazy("The delegation cap is reached"),
    "apr_below": gettext_lazy("The APR of delegators is below"),
}
ACTIONS = {
    "undelegate": gettext_lazy("Prepare the undelegation"),
    "redelegate": gettext_lazy("Prepare the redelegation to another node"),
}


def condition(order: StandingOrder) -> str:
    """Return the condition with its limit."""
    label = str(CONDITIONS[order.condition])
    if order.threshold is None:
        return label
    if order.condition == StandingOrder.Condition.DEGRADED:
        epochs = ngettext("%d epoch", "%d epochs", order.threshold) % order.threshold
        return f"{label} {epochs}"
    return f"{label} {percent(order.threshold, 0 if order.threshold % 100 == 0 else 2)}"


def action(target: Node | None) -> str:
    """Return the prepared action: everything to `target`, None back to the wallet."""
    if target is None:
        return gettext("Undelegate everything")
    return gettext("Redelegate everything to %(node)s") % {"node": target.name or target.address}
