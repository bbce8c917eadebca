"""Sentences about redelegating a delegation: why it is not possible now, and what can cancel it (R19)."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext, gettext_lazy

from delegation.selectors.movable import free_from, redelegation_block
from delegation.selectors.positions import PositionFigures
from protocol.errors import InsufficientBalance, NodeUnbonding, RedelegationHop
from protocol.parameters import Parameters
from staking.selectors.node_figures import NodeFigures
from web.formatting import moment_text

SENTENCES = {
    NodeUnbonding.code: gettext_lazy("The operator is unbonding."),
    InsufficientBalance.code: gettext_lazy("All of it moves after this epoch."),
    "": "",
}


def blocked_because(
    position: PositionFigures, node: NodeFigures, *, recorded: int, params: Parameters, now: datetime
) -> str:
    """Why a delegation cannot be redelegated now; "" when it can be. `recorded`: µIFM that move already."""
    code = redelegation_block(
        position,
        operator_unbonds=node.operator_unbonding and node.status != "banned",
        recorded=recorded,
        params=params,
        now=now,
    )
    free = free_from(position, params)
    if code == RedelegationHop.code and free is not None:
        sentence = gettext("It was redelegated to this node and can move again from %s.")
        return sentence % moment_text(free)
    return str(SENTENCES[code])


def cancelled_if(position: PositionFigures) -> str:
    """What would cancel a redelegation of a delegation; "" when nothing is known of it."""
    if not position.liable_slashes:
        return ""
    return gettext("A slash is pending: a redelegation is cancelled if it is still pending then.")
