"""Overview of governance: open votes, recent outcomes, and the votes that a wallet can still cast."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from governance.models import Dispute, Proposal, Vote
from governance.selectors.representation import NOTHING, represented_by
from governance.selectors.tallies import Ballot, VoteCount, counts
from governance.selectors.votes import voted_by
from ledger import accounts
from ledger.selectors import balances
from postgres.batched_reads import batched_reads
from staking.models import Slash
from staking.selectors.voting_power import voting_power, voting_powers

RECENT = 8
# A proposal is free, so a wallet with enough power can open many.
OPEN_PROPOSALS = 25


@dataclass(frozen=True, slots=True)
class BallotRow:
    """A row of a list of ballots. For a signed-in wallet: its own power (0 when it cannot vote), the power
    that it represents, and its vote. `is_open`: votes are accepted, by the clock."""

    ballot: Ballot
    count: VoteCount
    is_open: bool
    power: int | None = None
    represented: int = 0
    vote: Vote | None = None

    @property
    def is_dispute(self) -> bool:
        return isinstance(self.ballot, Dispute)

    @property
    def can_vote(self) -> bool:
        return bool(self.power or self.represented) and self.is_open

    @property
    def state(self) -> str:
        """The status, or "closed" from the end of the vote until it is counted."""
        return "closed" if self.ballot.status == "voting" and not self.is_open else self.ballot.status


@dataclass(frozen=True, slots=True)
class Overview:
    """`/governance/`; amounts in µIFM. Open and waiting proposals are the first ones, with their number."""

    disputes: tuple[BallotRow, ...]
    proposals: tuple[BallotRow, ...]
    open_proposals: int
    waiting: tuple[Proposal, ...]
    waiting_proposals: int
    decided_disputes: tuple[BallotRow, ...]
    decided_proposals: tuple[BallotRow, ...]
    pending_slashes: int
    treasury: int
    deposits: int

    @property
    def to_vote(self) -> tuple[BallotRow, ...]:
        """The votes that the wallet can cast and has not, in the order of their ends."""
        rows = (*self.disputes, *self.proposals)
        open_rows = [row for row in rows if row.can_vote and row.vote is None]
        return tuple(sorted(open_rows, key=lambda row: row.count.closes_at))


def overview(wallet: str | None, *, now: datetime) -> Overview:
    """Return open votes in the order of their ends and recent outcomes, with the wallet's power and votes."""
    disputes = Dispute.objects.select_related("slash__node")
    voting = Proposal.objects.filter(status="voting").order_by("closes_epoch", "pk")
    waiting = Proposal.objects.filter(status="passed").order_by("executes_epoch", "pk")
    open_disputes = disputes.filter(status="voting").order_by("closes_epoch", "pk")
    decided = disputes.exclude(status="voting").order_by("-closed_at", "-pk")
    decided_proposals = Proposal.objects.exclude(status="voting").order_by("-closed_at", "-pk")
    with batched_reads() as reads:
        amounts = reads.submit(balances, [accounts.TREASURY, accounts.DEPOSITS])
        lists = [
            reads.submit(ballot_rows, ballots, wallet, now=now)
            for ballots in (
                open_disputes, voting[:OPEN_PROPOSALS], decided[:RECENT], decided_proposals[:RECENT]
            )
        ]  # fmt: skip
        first_waiting = reads.submit(list, waiting[:OPEN_PROPOSALS])
        numbers = [
            reads.submit(rows.count)
            for rows in (voting, waiting, Slash.objects.filter(status=Slash.Status.PENDING))
        ]
    open_proposals, waiting_proposals, pending_slashes = (number.result() for number in numbers)
    of_disputes, of_proposals, past_disputes, past_proposals = (rows.result() for rows in lists)
    return Overview(
        disputes=of_disputes,
        proposals=of_proposals,
        open_proposals=open_proposals,
        waiting=tuple(first_waiting.result()),
        waiting_proposals=waiting_proposals,
        decided_disputes=past_disputes,
        decided_proposals=past_proposals,
        pending_slashes=pending_slashes,
        treasury=amounts.result()[accounts.TREASURY],
        deposits=amounts.result()[accounts.DEPOSITS],
    )


def ballot_rows(ballots: object, wallet: str | None, *, now: datetime) -> tuple[BallotRow, ...]:
    """Return rows for these disputes, or these proposals, with the power and votes of the wallet."""
    listed: list[Ballot] = list(ballots)  # type: ignore[call-overload]
    counted = counts(listed)
    is_open = {
        ballot.pk: ballot.status == "voting" and now < counted[ballot.pk].closes_at for ballot in listed
    }
    if wallet is None:
        return tuple(BallotRow(ballot, counted[ballot.pk], is_open[ballot.pk]) for ballot in listed)
    votes = voted_by(wallet, listed)
    powers = voting_powers(wallet, epochs=[ballot.opened_epoch for ballot in listed])
    represented = represented_by(wallet, [ballot for ballot in listed if ballot.status == "voting"])
    return tuple(
        BallotRow(
            ballot,
            counted[ballot.pk],
            is_open[ballot.pk],
            power=power_on(ballot, wallet, powers),
            represented=represented.get(ballot.pk, NOTHING).power,
            vote=votes.get(ballot.pk),
        )
        for ballot in listed
    )


def power_on(ballot: Ballot, wallet: str, powers: dict[int, int] | None = None) -> int:
    """Return the own power of a wallet on a ballot, µIFM: 0 on the slash of its own node (R45)."""
    if isinstance(ballot, Dispute) and ballot.operator == wallet:
        return 0
    epoch = ballot.opened_epoch
    return powers[epoch] if powers is not None else voting_power(wallet, epoch=epoch)
