"""Steps 5 and 6 of a settlement: the verdicts and the DAO's decisions (R46, R47, S)."""

from __future__ import annotations

from governance.models import Dispute, Proposal
from governance.selectors.tallies import dispute_tallies, proposal_tallies
from ledger import accounts
from ledger.posting import post
from protocol import votes
from protocol.errors import ParameterOutOfBounds
from settlement.state import Settlement
from staking.services import events
from staking.services.node_lock import lock
from staking.services.parameters import schedule
from staking.services.slashes import overturn


def count_disputes(work: Settlement) -> None:
    """Step 5. Count the dispute votes that end with this epoch (R46); what is upheld falls due now."""
    ending = Dispute.objects.filter(status=Dispute.Status.VOTING, closes_epoch=work.number)
    disputes = list(ending.select_related("slash__node").order_by("pk"))
    tallies = dispute_tallies(dispute.pk for dispute in disputes)
    for dispute in disputes:
        outcome, dispute.quorum_met = votes.dispute_outcome(
            tallies[dispute.pk], dispute.quorum_bps, dispute.quorum_base
        )
        dispute.status = Dispute.Status(outcome)
        dispute.closed_at = work.now
        dispute.save(update_fields=["status", "quorum_met", "closed_at"])
        _carry_out(dispute, work)
    _warn_disputes(work)


def close_proposals(work: Settlement) -> None:
    """Step 6. Close the votes that end with this epoch, then carry out the proposals due, by id (R47).

    One with a timelock of 0 is passed and carried out in the same settlement.
    """
    ending = list(
        Proposal.objects.filter(status=Proposal.Status.VOTING, closes_epoch=work.number).order_by("pk")
    )
    tallies = proposal_tallies(proposal.pk for proposal in ending)
    for proposal in ending:
        _close(proposal, tallies[proposal.pk], work)
    due = Proposal.objects.filter(status=Proposal.Status.PASSED, executes_epoch=work.number)
    for proposal in due.order_by("pk"):
        _execute(proposal, work)
    _warn_proposals(work)


def _carry_out(dispute: Dispute, work: Settlement) -> None:
    charge = dispute.slash
    if dispute.status == Dispute.Status.OVERTURNED:
        charge.node = lock(charge.node.address)
        overturn(charge, epoch=work.number, now=work.now)
    returned = votes.deposit_returns(dispute.status, bool(dispute.quorum_met))  # type: ignore[arg-type]
    _release_deposit(dispute, work, returned=returned)
    events.record(
        "verdict",
        at=work.now,
        epoch=work.number,
        node=charge.node_id,
        wallet=dispute.operator,
        dispute=dispute.pk,
        slash=charge.pk,
        outcome=dispute.status,
        quorum_met=dispute.quorum_met,
        deposit_returned=returned,
    )


def _release_deposit(dispute: Dispute, work: Settlement, *, returned: bool) -> None:
    if not dispute.deposit:
        return
    target = accounts.wallet(dispute.operator) if returned else accounts.TREASURY
    post(
        kind="deposit_returned" if returned else "deposit_forfeited",
        moves={accounts.DEPOSITS: -dispute.deposit, target: dispute.deposit},
        at=work.now,
        epoch=work.number,
        reference=f"dispute:{dispute.pk}",
        key=f"deposit:{dispute.pk}",
    )


def _close(proposal: Proposal, tally: dict[str, int], work: Settlement) -> None:
    outcome = votes.proposal_outcome(tally, proposal.quorum_bps, proposal.quorum_base)
    proposal.status = Proposal.Status(outcome)
    proposal.closed_at = work.now
    if proposal.status == Proposal.Status.PASSED:
        proposal.executes_epoch = votes.proposal_executes(work.number, proposal.timelock_epochs)
    proposal.save(update_fields=["status", "closed_at", "executes_epoch"])
    _announce(proposal, work)


def _execute(proposal: Proposal, work: Settlement) -> None:
    """Change the parameters from the next epoch on, or expire when their bounds no longer hold."""
    try:
        kept = schedule(
            changes=proposal.changes, from_epoch=work.number + 1, proposal=proposal.pk, now=work.now
        )
    except ParameterOutOfBounds:
        proposal.status = Proposal.Status.EXPIRED
    else:
        proposal.status, proposal.version = Proposal.Status.EXECUTED, kept.version
    proposal.save(update_fields=["status", "version"])
    _announce(proposal, work)


def _announce(proposal: Proposal, work: Settlement) -> None:
    events.record(
        f"proposal_{proposal.status}",
        at=work.now,
        epoch=work.number,
        wallet=proposal.proposer,
        proposal=proposal.pk,
        title=proposal.title,
    )


def _warn_disputes(work: Settlement) -> None:
    """The last epoch of these votes opens now: time to vote."""
    closing = Dispute.objects.filter(status=Dispute.Status.VOTING, closes_epoch=work.number + 1)
    for dispute in closing.select_related("slash").order_by("pk"):
        events.record(
            "vote_closing",
            at=work.now,
            epoch=work.number,
            node=dispute.slash.node_id,
            dispute=dispute.pk,
            closes_epoch=dispute.closes_epoch,
        )


def _warn_proposals(work: Settlement) -> None:
    closing = Proposal.objects.filter(status=Proposal.Status.VOTING, closes_epoch=work.number + 1)
    for proposal in closing.order_by("pk"):
        events.record(
            "vote_closing",
            at=work.now,
            epoch=work.number,
            proposal=proposal.pk,
            title=proposal.title,
            closes_epoch=proposal.closes_epoch,
        )
