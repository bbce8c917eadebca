"""The event log: what touched whom, written in the transaction of the act itself."""

from __future__ import annotations

from datetime import datetime

from staking.models import Event


def record(
    kind: str, *, at: datetime, epoch: int, node: int | None = None, wallet: str = "", **data: object
) -> None:
    """Note that `kind` happened to a node, a wallet or both; readers learn of it after commit."""
    Event.objects.create(kind=kind, at=at, epoch=epoch, node_id=node, wallet=wallet, data=data)
