"""Disputes with their vote count, for pages and the API."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import QuerySet

from governance.models import Dispute, DisputeEvidence, Vote
from governance.selectors.representation import represented_in_votes
from governance.selectors.tallies import VoteCount, counts
from governance.selectors.votes import SHOWN, SHOWN_IN_LIST, largest_votes
from protocol.errors import NotFound
from protocol.votes import deposit_returns
from staking.models import Node, Slash


@dataclass(frozen=True, slots=True)
class DisputeFigures:
    """A dispute with its slash and node, its vote count and its largest votes."""

    dispute: Dispute
    count: VoteCount
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
        """True if the deposit was returned (R46); None while the vote is open."""
        if self.dispute.status == Dispute.Status.VOTING:
            return None
        return deposit_returns(self.dispute.status, bool(self.dispute.quorum_met))  # type: ignore[arg-type]


def list_disputes(
    *,
    limit: int,
    offset: int,
    status: str = "",
    node: str = "",
    slash: int | None = None,
    before: int | None = None,
) -> tuple[list[DisputeFigures], int]:
    """Return a page of disputes, newest first, and their number; "" or None does not filter.

    `before`: only disputes with a smaller id.
    """
    rows = _disputes()
    if before is not None:
        rows = rows.filter(pk__lt=before)
    if status:
        rows = rows.filter(status=status)
    if node:
        rows = rows.filter(slash__node__address=node)
    if slash is not None:
        rows = rows.filter(slash_id=slash)
    return _figures(list(rows.order_by("-pk")[offset : offset + limit]), SHOWN_IN_LIST), rows.count()


def dispute_figures(dispute: int, *, votes: int = SHOWN) -> DisputeFigures:
    """Return a dispute with at most `votes` of its largest votes. Raises: `not_found`."""
    figures = _figures(list(_disputes().filter(pk=dispute)), votes)
    if not figures:
        raise NotFound(f"There is no dispute {dispute}.")
    return figures[0]


def _disputes() -> QuerySet[Dispute]:
    return Dispute.objects.select_related("slash__node")


def _figures(disputes: list[Dispute], shown: int) -> list[DisputeFigures]:
    in_votes = represented_in_votes(disputes)
    counted, votes = counts(disputes, in_votes), largest_votes(disputes, in_votes, each=shown)
    evidence: dict[int, list[DisputeEvidence]] = {dispute.pk: [] for dispute in disputes}
    for piece in DisputeEvidence.objects.filter(dispute__in=disputes).order_by("pk"):
        evidence[piece.dispute_id].append(piece)
    return [
        DisputeFigures(dispute, counted[dispute.pk], votes[dispute.pk], evidence[dispute.pk])
        for dispute in disputes
    ]
