"""Nodes in lists and one by one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from postgres.batched_reads import batched_reads
from protocol.addresses import checksum
from protocol.errors import NotFound
from staking.measurement.live import Live, figures_by_address
from staking.models import Node
from staking.selectors.node_figures import REWARD_EPOCHS, NodeFigures, read_figures
from staking.selectors.node_order import OrderedPage, all_ids, current_listing, page_of_listing
from staking.selectors.node_query import ORDERINGS, STATUSES, NodeQuery
from staking.selectors.rankings import in_force, latest_id
from staking.services.epochs import OpenEpoch, open_epoch
from web.api.snapshots import Snapshot, load

__all__ = [
    "ORDERINGS",
    "REWARD_EPOCHS",
    "STATUSES",
    "NodeFigures",
    "NodeQuery",
    "find_nodes",
    "list_page",
    "node_figures",
    "node_id",
    "nodes_by_id",
    "nodes_page",
    "ranked_and_live",
    "regions",
]

# Figures of the window that the ranking's row and the live reading both have.
WINDOW = (
    "degraded", "q_bps", "q_latency", "q_uptime", "q_stake", "q_scarcity", "q_sla", "accepted", "good",
    "sla_bps", "uptime_bps", "latency_ms", "latency_percentile_bps", "scarcity_bps",
)  # fmt: skip


def nodes_page(
    query: NodeQuery, *, epoch: OpenEpoch, ranking: int | None, limit: int, offset: int
) -> tuple[list[NodeFigures], int]:
    """A page of the nodes that a query asks for, and how many there are in all; 5 queries at most.

    Performance figures are those of the latest ranking, so that a list stands still between two rankings, and
    stake, tier and status are live. Raises: `invalid` for a filter or an order that cannot be.
    """
    ids = all_ids(query, epoch=epoch, ranking=ranking)
    return read_figures(ids[offset : offset + limit], epoch=epoch, ranking=ranking), len(ids)


def find_nodes(query: NodeQuery, *, limit: int, offset: int) -> list[NodeFigures]:
    """The same page without the count and without the rewards of former epochs. Raises: `invalid`."""
    page = list_page(query, limit=limit, offset=offset, after=None)
    return [] if page is None else nodes_by_id(page.ids, ranking=page.ranking)


def list_page(
    query: NodeQuery, *, limit: int, offset: int, after: tuple[str, int, int, int] | None
) -> OrderedPage | None:
    """A page of a list of nodes.

    `after`: the snapshot of the listing, a position in it, its ranking (0: none), and 1 if its nodes match the filters.

    None before the first epoch. Ten queries at most. Raises: `invalid`, also for a snapshot that has expired.
    """
    epoch, latest = in_force()
    if epoch is None:
        return None
    token, start, number, matched = after or ("", 0, latest or 0, 0)
    ranking = number or None

    def current() -> Snapshot:
        return current_listing(query, matched=bool(matched), epoch=epoch, ranking=ranking)

    listing = load(token, current) if token else current()
    return page_of_listing(
        query, listing=listing, matched=bool(matched), start=start, offset=offset, limit=limit, epoch=epoch,
        ranking=ranking,
    )  # fmt: skip


def nodes_by_id(ids: Sequence[int], *, ranking: int | None) -> list[NodeFigures]:
    """The nodes with these numbers, in this order, by one ranking, without the rewards of former epochs. One query."""
    epoch, _ = in_force()
    return [] if epoch is None else read_figures(ids, epoch=epoch, ranking=ranking, rewards=False)


def node_figures(address: str, *, now: datetime) -> NodeFigures:
    """A node by its canonical address, its performance by the window of R49. Raises: `not_found`."""
    figures, live = _ranked_and_live(address, now)
    return figures if live is None else _with_window(figures, live)


def ranked_and_live(address: str, *, now: datetime) -> tuple[NodeFigures, NodeFigures | None]:
    """A node by the latest ranking, as lists show it, and by the open epoch so far. Raises: `not_found`.

    The second is None while the open epoch has too few jobs for it.
    """
    figures, live = _ranked_and_live(address, now)
    return figures, _with_window(figures, live) if live is not None and live.live else None


def _ranked_and_live(address: str, now: datetime) -> tuple[NodeFigures, Live | None]:
    with batched_reads() as reads:
        ranked = reads.submit(_ranked, address)
        live = reads.submit(figures_by_address, now=now)
    return ranked.result(), live.result().get(address)


def _ranked(address: str) -> NodeFigures:
    with batched_reads() as reads:
        number = reads.submit(node_id, address)
        epoch = reads.submit(open_epoch)
        ranking = reads.submit(latest_id)
    running = epoch.result()
    assert running is not None, "nodes are registered in an epoch"
    (figures,) = read_figures([number.result()], epoch=running, ranking=ranking.result())
    return figures


def node_id(address: str) -> int:
    """The number of the node with this canonical address. Raises: `not_found`."""
    id_ = Node.objects.filter(address=address).values_list("id", flat=True).first()
    if id_ is None:
        raise NotFound(f"No node has the address {checksum(address)}.")
    return id_


def regions() -> list[str]:
    """The regions in which nodes are registered, in the order of their names."""
    return list(Node.objects.values_list("region", flat=True).distinct().order_by("region"))


def _with_window(figures: NodeFigures, live: Live) -> NodeFigures:
    window = {name: getattr(live.state, name) for name in WINDOW}
    penalty = live.state.former_penalty
    return replace(figures, **window, live=live.live, score_bps=live.score_bps, penalty_bps=penalty)
