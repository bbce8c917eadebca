"""The DAO at a glance: what is open, what came of the rest, and what a wallet can still vote on."""

from __future__ import annotations

from dataclasses import dataclass

from governance.models import Dispute, Proposal, Vote
from governance.selectors.tallies import Ballot, Count, counts
from governance.selectors.votes import voted_by
from ledger import accounts
from ledger.selectors import balances
from staking.models import Slash
from staking.selectors.voting_power import voting_power

RECENT = 8
# A proposal costs nothing, so anybody with enough power may open any number of them.
OPEN_PROPOSALS = 25


@dataclass(frozen=True, slots=True)
class BallotLine:
    """A ballot in a list. For a reader: the power that it has here, 0 when it cannot vote, and its vote."""

    ballot: Ballot
    count: Count
    power: int | None = None
    vote: Vote | None = None

    @property
    def is_dispute(self) -> bool:
        return isinstance(self.ballot, Dispute)

    @property
    def can_vote(self) -> bool:
        return bool(self.power) and self.ballot.status == "voting"


@dataclass(frozen=True, slots=True)
class Overview:
    """`/governance/`. Amounts in µIFM. Of proposals that are open or wait the first ones, and how many there are."""

    disputes: tuple[BallotLine, ...]
    proposals: tuple[BallotLine, ...]
    open_proposals: int
    waiting: tuple[Proposal, ...]
    waiting_proposals: int
    decided_disputes: tuple[BallotLine, ...]
    decided_proposals: tuple[BallotLine, ...]
    pending_slashes: int
    treasury: int
    deposits: int

    @property
    def to_vote(self) -> tuple[BallotLine, ...]:
        """What the reader can vote on and has not, the first to close first."""
        lines = (*self.disputes, *self.proposals)
        open_to = [line for line in lines if line.can_vote and line.vote is None]
        return tuple(sorted(open_to, key=lambda line: line.count.closes_at))


def overview(wallet: str | None) -> Overview:
    """What is open (the first to close first) and what was decided last, seen by a wallet or by nobody."""
    disputes = Dispute.objects.select_related("slash__node")
    running = Dispute.Status.VOTING
    voting = Proposal.objects.filter(status="voting").order_by("closes_epoch", "pk")
    waiting = Proposal.objects.filter(status="passed").order_by("executes_epoch", "pk")
    held = balances([accounts.TREASURY, accounts.DEPOSITS])
    return Overview(
        disputes=lines(disputes.filter(status=running).order_by("closes_epoch", "pk"), wallet),
        proposals=lines(voting[:OPEN_PROPOSALS], wallet),
        open_proposals=voting.count(),
        waiting=tuple(waiting[:OPEN_PROPOSALS]),
        waiting_proposals=waiting.count(),
        decided_disputes=lines(
            disputes.exclude(status=running).order_by("-closed_at", "-pk")[:RECENT], wallet
        ),
        decided_proposals=lines(
            Proposal.objects.exclude(status="voting").order_by("-closed_at", "-pk")[:RECENT], wallet
        ),
        pending_slashes=Slash.objects.filter(status=Slash.Status.PENDING).count(),
        treasury=held[accounts.TREASURY],
        deposits=held[accounts.DEPOSITS],
    )


def lines(ballots: object, wallet: str | None) -> tuple[BallotLine, ...]:
    """Some disputes, or some proposals, with their counts and what they are to the wallet."""
    found: list[Ballot] = list(ballots)  # type: ignore[call-overload]
    counted = counts(found)
    if wallet is None:
        return tuple(BallotLine(one, counted[one.pk]) for one in found)
    votes, powers = voted_by(wallet, found), _powers(wallet, found)
    return tuple(
        BallotLine(one, counted[one.pk], power=power_on(one, wallet, powers), vote=votes.get(one.pk))
        for one in found
    )


def power_on(ballot: Ballot, wallet: str, powers: dict[int, int] | None = None) -> int:
    """The power that a wallet can use on a ballot: none on its own case (R45)."""
    if isinstance(ballot, Dispute) and ballot.operator == wallet:
        return 0
    epoch = ballot.opened_epoch
    return powers[epoch] if powers is not None else voting_power(wallet, epoch=epoch)


def _powers(wallet: str, ballots: list[Ballot]) -> dict[int, int]:
    """One reading for each epoch in which some ballot was opened."""
    return {epoch: voting_power(wallet, epoch=epoch) for epoch in {one.opened_epoch for one in ballots}}
