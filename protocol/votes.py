"""Outcomes of votes on slashes and proposals (R44–R47). Power is in µIFM."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from protocol.amounts import BPS
from protocol.parameters import Parameters

DISPUTE_CHOICES: Final = ("uphold", "overturn", "abstain")
PROPOSAL_CHOICES: Final = ("for", "against", "abstain")

DisputeOutcome = Literal["upheld", "overturned"]
ProposalOutcome = Literal["passed", "rejected"]


def needed_for_quorum(quorum_bps: int, base: int) -> int:
    """The lowest turnout that meets the quorum of the base, rounded up (R44, R46)."""
    return -(-quorum_bps * base // BPS)


def is_quorum(tally: Mapping[str, int], quorum_bps: int, base: int) -> bool:
    """True if the turnout, abstentions counted, reaches the quorum (R46, R47)."""
    return sum(tally.values()) >= needed_for_quorum(quorum_bps, base)


def dispute_outcome(tally: Mapping[str, int], quorum_bps: int, base: int) -> tuple[DisputeOutcome, bool]:
    """The outcome of a dispute, and whether its quorum was met (R46). A tie or a missed quorum: upheld."""
    quorum_met = is_quorum(tally, quorum_bps, base)
    overturned = quorum_met and tally.get("overturn", 0) > tally.get("uphold", 0)
    return ("overturned" if overturned else "upheld"), quorum_met


def deposit_returns(outcome: DisputeOutcome, quorum_met: bool) -> bool:
    """True if the deposit goes back to the operator; else it goes to the treasury (R46)."""
    return outcome == "overturned" or not quorum_met


def proposal_outcome(tally: Mapping[str, int], quorum_bps: int, base: int) -> ProposalOutcome:
    """The outcome of the vote on a proposal (R47). A tie or a missed quorum: rejected."""
    carried = tally.get("for", 0) > tally.get("against", 0)
    return "passed" if carried and is_quorum(tally, quorum_bps, base) else "rejected"


def proposal_closes(params: Parameters, created: int) -> int:
    """The epoch with whose end the vote on a proposal closes (R47)."""
    return created + params.proposal_voting_epochs


def proposal_executes(passed: int, timelock_epochs: int) -> int:
    """The epoch in whose settlement a passed proposal is executed (R47)."""
    return passed + timelock_epochs
