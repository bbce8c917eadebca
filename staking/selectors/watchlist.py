"""The nodes that a wallet watches."""

from __future__ import annotations

from collections.abc import Iterable

from staking.models import Node, WatchedNode


def watched_ids(wallet: str) -> frozenset[int]:
    """Numbers of the nodes on a wallet's watchlist. One query."""
    return frozenset(WatchedNode.objects.filter(wallet=wallet).values_list("node_id", flat=True))


def ids_of(addresses: Iterable[str]) -> frozenset[int]:
    """Numbers of the nodes with these canonical addresses. One query."""
    return frozenset(Node.objects.filter(address__in=list(addresses)).values_list("id", flat=True))


def is_watched(wallet: str, node_id: int) -> bool:
    """True if a node is on a wallet's watchlist. One query."""
    return WatchedNode.objects.filter(wallet=wallet, node_id=node_id).exists()
