"""Admission of stake to a node: the refusals of R12, in their order."""

from __future__ import annotations

from django.db.models import Q

from protocol.amounts import format_amount
from protocol.errors import (
    AmountTooSmall,
    DelegationCapExceeded,
    NodeBanned,
    NodeCooldown,
    NodeRetired,
    PendingSlash,
)
from staking.models import Node, Unbonding
from staking.services.epochs import EpochParameters


def check_minimum(amount: int, epoch: EpochParameters) -> None:
    """Raises: `amount_too_small` below min_amount (µIFM)."""
    least = epoch.params.min_amount
    if amount < least:
        raise AmountTooSmall(f"Enter at least {format_amount(least)} IFM.", field="amount")


def check_node_status(node: Node) -> None:
    """Raises: `node_banned`, `node_retired`."""
    if node.banned:
        raise NodeBanned("The node is banned and accepts no stake. Choose another node.")
    if node.retired_at is not None:
        raise NodeRetired("The node is retired and accepts no stake. Choose another node.")


def check_delegations_open(node: Node, epoch: EpochParameters, amount: int, *, pending_slash: bool) -> None:
    """Check the reasons besides its status for which a node accepts no delegation, and its cap (R12).

    Raises: `pending_slash`, `node_cooldown`, `delegation_cap_exceeded`.
    """
    if pending_slash:
        raise PendingSlash("The node accepts no delegations while a slash of it is pending.")
    if node.cooldown_until >= epoch.number:
        raise NodeCooldown(
            f"The node is in cooldown until the end of epoch {node.cooldown_until}. Delegate after that."
        )
    if node.delegation_cap is not None and node.pool.tokens + amount > node.delegation_cap:
        room = max(node.delegation_cap - node.pool.tokens, 0)
        raise DelegationCapExceeded(
            f"The node accepts only {format_amount(room)} IFM more under its cap. "
            "Delegate that much or less, or choose another node.",
            field="amount",
            extra={"room": format_amount(room)},
        )


def has_open_unbonding(node: Node) -> bool:
    """True if the operator's own stake is unbonding (R16)."""
    return Unbonding.objects.filter(Q(node=node, kind="self", status="open")).exists()
