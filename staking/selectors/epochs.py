"""Epochs and what they found and gave."""

from __future__ import annotations

from django.db.models import QuerySet

from protocol.errors import NotFound
from staking.models import Epoch, NodeEpoch


def open_epoch() -> Epoch | None:
    """The epoch that is not settled yet, with its parameters; None before the network's first start (R4)."""
    return Epoch.objects.exclude(status=Epoch.Status.SETTLED).select_related("parameters").first()


def epoch(number: int) -> Epoch:
    """One epoch with its parameters. Raises: `not_found`."""
    found = Epoch.objects.select_related("parameters").filter(number=number).first()
    if found is None:
        raise NotFound(f"There is no epoch {number}.")
    return found


def epochs() -> QuerySet[Epoch]:
    """All epochs, the newest first."""
    return Epoch.objects.order_by("-number")


def rows_of_epoch(number: int) -> QuerySet[NodeEpoch]:
    """What a settled epoch found of each node, by address. Raises: `not_found`."""
    epoch(number)
    return NodeEpoch.objects.filter(epoch=number).select_related("node").order_by("node__address")


def rows_of_node(node_id: int) -> QuerySet[NodeEpoch]:
    """What settled epochs found of a node, the newest first."""
    return NodeEpoch.objects.filter(node_id=node_id).select_related("node").order_by("-epoch")
