"""Proposals on the plain model: opened, voted on, counted and executed (R47)."""

from __future__ import annotations

from tests.reference.books import Books
from tests.reference.state import BPS, Proposal, Refused

MAX_OPEN = 100


class Proposals(Books):
    """Proposals and votes of wallets."""

    def propose(self, changes: list[tuple[str, int]], wallet: str) -> None:
        if any(self.params[name] == value for name, value in changes):
            raise Refused("invalid")
        powers, base = self.powers[self.epoch]
        if powers.get(wallet, 0) < self.params["proposal_threshold"]:
            raise Refused("no_voting_power")
        if sum(one.proposer == wallet and one.status == "voting" for one in self.proposals) >= MAX_OPEN:
            raise Refused("rate_limited")
        closes = self.epoch + self.params["proposal_voting_epochs"]
        quorum = base * self.params["quorum_bps"]
        timelock = self.params["timelock_epochs"]
        self.proposals.append(Proposal(wallet, dict(changes), self.epoch, closes, timelock, quorum))

    def vote_proposal(self, number: int, wallet: str, choice: str) -> None:
        proposal = self.proposals[number]
        last = self.end + (proposal.closes - self.epoch) * self.params["epoch_seconds"]
        if proposal.status != "voting" or self.now >= last:
            raise Refused("vote_closed")
        if not self.powers[proposal.opened][0].get(wallet):
            raise Refused("no_voting_power")
        proposal.votes[wallet] = choice


def close_proposals(net: Proposals) -> None:
    """Count the votes that end with the open epoch, and execute what is due; in force from the next epoch on."""
    for proposal in net.proposals:
        if proposal.status == "voting" and proposal.closes == net.epoch:
            powers = net.powers[proposal.opened][0]
            tally = dict.fromkeys(("for", "against", "abstain"), 0)
            for wallet, choice in proposal.votes.items():
                tally[choice] += powers[wallet]
            quorum = sum(tally.values()) * BPS >= proposal.quorum
            proposal.status = "passed" if quorum and tally["for"] > tally["against"] else "rejected"
    for proposal in net.proposals:
        if proposal.status == "passed" and proposal.closes + proposal.timelock == net.epoch:
            net.next_params |= proposal.changes
            proposal.status = "executed"
