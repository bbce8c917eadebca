"""Slashes and their outcomes (section 8)."""

from __future__ import annotations

from django.db.models import QuerySet

from protocol.errors import NotFound
from staking.models import Slash


def slashes(
    *,
    node: str | None = None,
    status: str | None = None,
    offence: str | None = None,
    epoch: int | None = None,
) -> QuerySet[Slash]:
    """Slashes with their nodes, the newest first; `node` is a canonical address, None asks for nothing."""
    filters = {"node__address": node, "status": status, "offence": offence, "epoch": epoch}
    filters = {name: value for name, value in filters.items() if value is not None}
    return Slash.objects.filter(**filters).select_related("node").order_by("-id")


def slash(number: int) -> Slash:
    """One slash with its node. Raises: `not_found`."""
    slash = Slash.objects.filter(pk=number).select_related("node").first()
    if slash is None:
        raise NotFound(f"There is no slash {number}.")
    return slash
