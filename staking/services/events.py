"""The event log: events of nodes and wallets, written in the transaction of the operation itself."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from staking.models import Event


def record(
    kind: str, *, at: datetime, epoch: int, node: int | None = None, wallet: str = "", **data: object
) -> None:
    """Record that `kind` happened to a node, a wallet or both; notifications are made from it after commit."""
    Event.objects.create(kind=kind, at=at, epoch=epoch, node_id=node, wallet=wallet, data=data)


def record_all(events: Sequence[Event]) -> None:
    """Record several events in one statement."""
    Event.objects.bulk_create(events)
