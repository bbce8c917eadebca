"""Dispute and overturn slashes before their execution."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Max, Q

from staking.models import Node, Slash
from staking.services import events


def mark_disputed(slash: Slash, *, due_epoch: int) -> None:
    """Mark a pending slash as disputed: it is due with the vote, in the settlement of `due_epoch` (R33)."""
    slash.status, slash.due_epoch = Slash.Status.DISPUTED, due_epoch
    slash.save(update_fields=["status", "due_epoch"])


def overturn(slash: Slash, *, epoch: int, now: datetime) -> None:
    """Overturn a slash: nothing is taken, and its cooldown, ban and strike are lifted (R32, R46).

    Those of the node's other slashes remain. Called in the settlement of `epoch`.
    """
    slash.status, slash.resolved_at, slash.resolved_epoch = Slash.Status.OVERTURNED, now, epoch
    slash.save(update_fields=["status", "resolved_at", "resolved_epoch"])
    others = Slash.objects.filter(~Q(status=Slash.Status.OVERTURNED), node_id=slash.node_id)
    Node.objects.filter(id=slash.node_id).update(
        banned=others.filter(ban=True).exists(),
        cooldown_until=others.aggregate(until=Max("cooldown_until"))["until"] or 0,
    )
    events.record("slash_overturned", at=now, epoch=epoch, node=slash.node_id, slash=slash.pk)
