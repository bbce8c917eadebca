"""The watchlist of a wallet: nodes that it follows."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from protocol.errors import Invalid, NotFound
from staking.models import Node, WatchedNode

MAX_NODES = 200


def watch(*, node: str, wallet: str, now: datetime) -> None:
    """Put a node on the wallet's list; nothing happens when it is there. Raises: `not_found`, `invalid`."""
    if watch_all(nodes=[node], wallet=wallet, now=now) == 0:
        raise NotFound


def watch_all(*, nodes: Iterable[str], wallet: str, now: datetime) -> int:
    """Put nodes on the wallet's list and leave out unknown addresses. Returns how many of them are on it then.

    Raises: `invalid` when the list would hold more than MAX_NODES nodes.
    """
    with transaction.atomic():
        ids = list(Node.objects.filter(address__in=list(nodes)).values_list("id", flat=True))
        rows = [WatchedNode(wallet=wallet, node_id=id_, at=now) for id_ in ids]
        WatchedNode.objects.bulk_create(rows, ignore_conflicts=True)
        if WatchedNode.objects.filter(wallet=wallet).count() > MAX_NODES:
            raise Invalid(f"Remove a node from the watchlist first: it holds {MAX_NODES} nodes.")
        return len(ids)


def unwatch(*, node: str, wallet: str) -> None:
    """Remove a node from the wallet's watchlist. Safe to repeat."""
    WatchedNode.objects.filter(wallet=wallet, node__address=node).delete()
