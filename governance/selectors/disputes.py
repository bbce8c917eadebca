"""Disputes with their count, for doors."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import QuerySet

from governance.models import Dispute, DisputeEvidence, Vote
from governance.selectors.tallies import Count, counts
from governance.selectors.votes import SHOWN, SHOWN_IN_LIST, largest_votes
from protocol.errors import NotFound
from protocol.votes import deposit_returns
from staking.models import Node, Slash


@dataclass(frozen=True, slots=True)
class DisputeFigures:
    """A dispute with its slash and node, its count and its largest votes."""

    dispute: Dispute
    count: Count
    votes: list[Vote]
    evidence: list[DisputeEvidence]

    @property
    def ballot(self) -> Dispute:
        return self.dispute

    @property
    def slash(self) -> Slash:
        return self.dispute.slash

    @property
    def node(self) -> Node:
        return self.dispute.slash.node

    @property
    def deposit_returned(self) -> bool | None:
        """Where the deposit went (R46); None while it is held."""
        if self.dispute.status == Dispute.Status.VOTING:
            return None
        return deposit_returns(self.dispute.status, bool(self.dispute.quorum_met))  # type: ignore[arg-type]


def list_disputes(
    *, limit: int, offset: int, status: str = "", node: str = "", slash: int | None = None
) -> tuple[list[DisputeFigures], int]:
    """Disputes, the newest first, of one status, node or slash if asked, and how many there are."""
    found = _disputes()
    if status:
        found = found.filter(status=status)
    if node:
        found = found.filter(slash__node__address=node)
    if slash is not None:
        found = found.filter(slash_id=slash)
    return _figures(list(found.order_by("-pk")[offset : offset + limit]), SHOWN_IN_LIST), found.count()


def dispute_figures(dispute: int, *, votes: int = SHOWN) -> DisputeFigures:
    """One dispute with so many of its largest votes. Raises: `not_found`."""
    found = _figures(list(_disputes().filter(pk=dispute)), votes)
    if not found:
        raise NotFound(f"There is no dispute {dispute}.")
    return found[0]


def _disputes() -> QuerySet[Dispute]:
    return Dispute.objects.select_related("slash__node")


def _figures(disputes: list[Dispute], shown: int) -> list[DisputeFigures]:
    counted, votes = counts(disputes), largest_votes(disputes, each=shown)
    evidence: dict[int, list[DisputeEvidence]] = {dispute.pk: [] for dispute in disputes}
    for piece in DisputeEvidence.objects.filter(dispute__in=disputes).order_by("pk"):
        evidence[piece.dispute_id].append(piece)
    return [DisputeFigures(one, counted[one.pk], votes[one.pk], evidence[one.pk]) for one in disputes]
