"""Open proposals that change the same parameter, and which of their values would apply in the end (R47)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import QuerySet

from governance.models import Proposal
from protocol.parameters import numbers_of

OPEN = (Proposal.Status.VOTING, Proposal.Status.PASSED)


@dataclass(frozen=True, slots=True)
class Competitor:
    """Another open proposal with the keys that both change. `wins`: its values apply when both are executed."""

    proposal: Proposal
    keys: tuple[str, ...]
    wins: bool


def executes_epoch(proposal: Proposal) -> int:
    """Return the epoch in whose settlement a proposal is executed, if it passes (R47)."""
    return proposal.executes_epoch or proposal.closes_epoch + proposal.timelock_epochs


def competitors(proposals: Sequence[Proposal]) -> dict[int, tuple[Competitor, ...]]:
    """Return the competitors of each of these proposals by id, with one query; none of a closed proposal.

    The proposal that is executed later wins; of two in one settlement the one with the higher id.
    """
    keys = {proposal.pk: _keys(proposal) for proposal in proposals if proposal.status in OPEN}
    names = sorted({key.partition(".")[0] for of_one in keys.values() for key in of_one})
    others = list(open_proposals(names)) if names else []
    return {
        proposal.pk: tuple(
            Competitor(other, tuple(sorted(shared)), _order(other) > _order(proposal))
            for other in others
            if other.pk != proposal.pk and (shared := keys.get(proposal.pk, frozenset()) & _keys(other))
        )
        for proposal in proposals
    }


def open_proposals(names: Sequence[str]) -> QuerySet[Proposal]:
    """Return the proposals that are open or wait for execution and change one of these parameters, by id."""
    return Proposal.objects.filter(status__in=OPEN, changes__has_any_keys=list(names)).order_by("pk")


def _keys(proposal: Proposal) -> frozenset[str]:
    return frozenset(key for key, _ in numbers_of(proposal.changes))


def _order(proposal: Proposal) -> tuple[int, int]:
    return executes_epoch(proposal), proposal.pk
