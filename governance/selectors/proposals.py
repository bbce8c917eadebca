"""Proposals with their vote count, for pages and the API."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from governance.models import Proposal, Vote
from governance.selectors.competition import Competitor, competitors, executes_epoch
from governance.selectors.representation import represented_in_votes
from governance.selectors.tallies import VoteCount, counts
from governance.selectors.votes import SHOWN, SHOWN_IN_LIST, largest_votes
from protocol.errors import NotFound


@dataclass(frozen=True, slots=True)
class ProposalFigures:
    """A proposal with its vote count, its largest votes and the open proposals that change the same parameter."""

    proposal: Proposal
    count: VoteCount
    votes: list[Vote]
    competing: tuple[Competitor, ...]

    @property
    def ballot(self) -> Proposal:
        return self.proposal

    @property
    def executes_epoch(self) -> int:
        """The epoch in whose settlement it is executed, if it passes (R47)."""
        return executes_epoch(self.proposal)


def list_proposals(
    *, limit: int, offset: int, status: str = "", before: int | None = None
) -> tuple[list[ProposalFigures], int]:
    """Return a page of proposals, newest first, and their number; a `status` of "" does not filter.

    `before`: only proposals with a smaller id.
    """
    conditions: dict[str, Any] = {"status": status} if status else {}
    if before is not None:
        conditions["pk__lt"] = before
    rows = Proposal.objects.filter(**conditions)
    return _figures(list(rows.order_by("-pk")[offset : offset + limit]), SHOWN_IN_LIST), rows.count()


def proposal_figures(proposal: int, *, votes: int = SHOWN) -> ProposalFigures:
    """Return a proposal with at most `votes` of its largest votes. Raises: `not_found`."""
    figures = _figures(list(Proposal.objects.filter(pk=proposal)), votes)
    if not figures:
        raise NotFound(f"There is no proposal {proposal}.")
    return figures[0]


def _figures(proposals: list[Proposal], shown: int) -> list[ProposalFigures]:
    in_votes = represented_in_votes(proposals)
    counted, votes = counts(proposals, in_votes), largest_votes(proposals, in_votes, each=shown)
    competing = competitors(proposals)
    return [
        ProposalFigures(proposal, counted[proposal.pk], votes[proposal.pk], competing[proposal.pk])
        for proposal in proposals
    ]
