"""Epochs and their rows."""

from __future__ import annotations

from django.db.models import QuerySet

from protocol.errors import NotFound
from staking.models import Epoch, NodeEpoch


def epoch(number: int) -> Epoch:
    """One epoch with its parameters. Raises: `not_found`."""
    epoch = Epoch.objects.select_related("parameters").filter(number=number).first()
    if epoch is None:
        raise NotFound(f"There is no epoch {number}.")
    return epoch


def epochs() -> QuerySet[Epoch]:
    """All epochs, newest first."""
    return Epoch.objects.order_by("-number")


def rows_of_epoch(number: int) -> QuerySet[NodeEpoch]:
    """The rows of a settled epoch, one for each node, by address. Raises: `not_found`."""
    epoch(number)
    return NodeEpoch.objects.filter(epoch=number).select_related("node").order_by("node__address")


def rows_of_node(node_id: int) -> QuerySet[NodeEpoch]:
    """The rows of a node in all settled epochs, newest first."""
    return NodeEpoch.objects.filter(node_id=node_id).select_related("node").order_by("-epoch")
