"""Proposals with their count, for doors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from governance.models import Proposal, Vote
from governance.selectors.tallies import Count, counts
from governance.selectors.votes import SHOWN, SHOWN_IN_LIST, largest_votes
from protocol.errors import NotFound


@dataclass(frozen=True, slots=True)
class ProposalFigures:
    """A proposal with its count and its largest votes."""

    proposal: Proposal
    count: Count
    votes: list[Vote]

    @property
    def ballot(self) -> Proposal:
        return self.proposal

    @property
    def executes_epoch(self) -> int:
        """The epoch whose settlement carries it out, if it passes (R47)."""
        return self.proposal.executes_epoch or self.proposal.closes_epoch + self.proposal.timelock_epochs


def list_proposals(*, limit: int, offset: int, status: str = "") -> tuple[list[ProposalFigures], int]:
    """Proposals, the newest first, of one status if asked, and how many there are."""
    wanted: dict[str, Any] = {"status": status} if status else {}
    found = Proposal.objects.filter(**wanted)
    return _figures(list(found.order_by("-pk")[offset : offset + limit]), SHOWN_IN_LIST), found.count()


def proposal_figures(proposal: int, *, votes: int = SHOWN) -> ProposalFigures:
    """One proposal with so many of its largest votes. Raises: `not_found`."""
    found = _figures(list(Proposal.objects.filter(pk=proposal)), votes)
    if not found:
        raise NotFound(f"There is no proposal {proposal}.")
    return found[0]


def _figures(proposals: list[Proposal], shown: int) -> list[ProposalFigures]:
    counted, votes = counts(proposals), largest_votes(proposals, each=shown)
    return [ProposalFigures(one, counted[one.pk], votes[one.pk]) for one in proposals]
