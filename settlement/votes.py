"""Steps 8 and 10: count the votes on disputes and proposals (R46, R47)."""

from __future__ import annotations

from collections.abc import Mapping

from django.db.models import Max

from governance.models import Dispute, Proposal
from governance.selectors.tallies import dispute_tallies, proposal_tallies
from governance.services.representatives import store_represented
from ledger import accounts
from ledger.posting import post
from protocol import votes
from protocol.errors import ParameterOutOfBounds
from settlement.inputs import record
from settlement.state import Settlement
from staking.models import Slash
from staking.services import events
from staking.services.node_lock import lock
from staking.services.parameters import schedule
from staking.services.slashes import overturn


def count_dispute_votes(settlement: Settlement) -> None:
    """Step 8. Count the dispute votes that end with this epoch (R46); upheld slashes are due now."""
    open_votes = Dispute.objects.filter(
        status=Dispute.Status.VOTING, closes_epoch__in=(settlement.number, settlement.number + 1)
    )
    disputes = list(open_votes.select_related("slash__node").order_by("pk"))
    ending = [dispute for dispute in disputes if dispute.closes_epoch == settlement.number]
    if ending:
        _count_disputes(ending, settlement)
    for dispute in disputes:
        if dispute.closes_epoch > settlement.number:
            _record_closing_dispute(dispute, settlement)


def _count_disputes(disputes: list[Dispute], settlement: Settlement) -> None:
    store_represented(disputes=[dispute.pk for dispute in disputes])
    tallies = dispute_tallies(dispute.pk for dispute in disputes)
    for dispute in disputes:
        outcome, dispute.quorum_met = votes.dispute_outcome(
            tallies[dispute.pk], dispute.quorum_bps, dispute.quorum_base
        )
        _record_input(settlement, dispute, tallies[dispute.pk])
        dispute.status = Dispute.Status(outcome)
        dispute.closed_at = settlement.now
        dispute.save(update_fields=["status", "quorum_met", "closed_at"])
        _apply_outcome(dispute, settlement)


def _record_input(settlement: Settlement, dispute: Dispute, tally: Mapping[str, int]) -> None:
    """Record the tally, and what bars the node when this slash is overturned (R53)."""
    others = Slash.objects.filter(node_id=dispute.slash.node_id).exclude(pk=dispute.slash_id)
    others = others.exclude(status=Slash.Status.OVERTURNED)
    record(
        settlement, "dispute", slash=dispute.slash_id,
        **{choice: int(tally.get(choice, 0)) for choice in votes.DISPUTE_CHOICES},
        quorum_bps=dispute.quorum_bps, quorum_base=dispute.quorum_base,
        banned_without=others.filter(ban=True).exists(),
        cooldown_without=others.aggregate(until=Max("cooldown_until"))["until"] or 0,
    )  # fmt: skip


def close_proposals(settlement: Settlement) -> None:
    """Step 10. Close the votes that end with this epoch, then execute the proposals due, by id (R47).

    A proposal with a timelock of 0 passes and is executed in the same settlement.
    """
    open_votes = Proposal.objects.filter(
        status=Proposal.Status.VOTING, closes_epoch__in=(settlement.number, settlement.number + 1)
    )
    proposals = list(open_votes.order_by("pk"))
    ending = [proposal for proposal in proposals if proposal.closes_epoch == settlement.number]
    if ending:
        store_represented(proposals=[proposal.pk for proposal in ending])
        tallies = proposal_tallies(proposal.pk for proposal in ending)
        for proposal in ending:
            _close(proposal, tallies[proposal.pk], settlement)
    due = Proposal.objects.filter(status=Proposal.Status.PASSED, executes_epoch=settlement.number)
    for proposal in due.order_by("pk"):
        _execute(proposal, settlement)
    for proposal in proposals:
        if proposal.closes_epoch > settlement.number:
            _record_closing_proposal(proposal, settlement)


def _apply_outcome(dispute: Dispute, settlement: Settlement) -> None:
    slash = dispute.slash
    if dispute.status == Dispute.Status.OVERTURNED:
        slash.node = lock(slash.node.address)
        overturn(slash, epoch=settlement.number, now=settlement.now)
    returned = votes.deposit_returns(dispute.status, bool(dispute.quorum_met))  # type: ignore[arg-type]
    _release_deposit(dispute, settlement, returned=returned)
    events.record(
        "dispute_decided",
        at=settlement.now,
        epoch=settlement.number,
        node=slash.node_id,
        wallet=dispute.operator,
        dispute=dispute.pk,
        slash=slash.pk,
        outcome=dispute.status,
        quorum_met=dispute.quorum_met,
        deposit_returned=returned,
    )


def _release_deposit(dispute: Dispute, settlement: Settlement, *, returned: bool) -> None:
    if not dispute.deposit:
        return
    target = accounts.wallet(dispute.operator) if returned else accounts.TREASURY
    post(
        kind="deposit_returned" if returned else "deposit_forfeited",
        moves={accounts.DEPOSITS: -dispute.deposit, target: dispute.deposit},
        at=settlement.now,
        epoch=settlement.number,
        reference=f"dispute:{dispute.pk}",
        key=f"deposit:{dispute.pk}",
    )


def _close(proposal: Proposal, tally: dict[str, int], settlement: Settlement) -> None:
    outcome = votes.proposal_outcome(tally, proposal.quorum_bps, proposal.quorum_base)
    proposal.status = Proposal.Status(outcome)
    proposal.closed_at = settlement.now
    if proposal.status == Proposal.Status.PASSED:
        proposal.executes_epoch = votes.proposal_executes(settlement.number, proposal.timelock_epochs)
    proposal.save(update_fields=["status", "closed_at", "executes_epoch"])
    _record(proposal, settlement)


def _execute(proposal: Proposal, settlement: Settlement) -> None:
    """Change the parameters from the next epoch on; the proposal expires when its values are out of bounds now."""
    try:
        version = schedule(
            changes=proposal.changes,
            from_epoch=settlement.number + 1,
            proposal=proposal.pk,
            now=settlement.now,
        )
    except ParameterOutOfBounds:
        proposal.status = Proposal.Status.EXPIRED
    else:
        proposal.status, proposal.version = Proposal.Status.EXECUTED, version.version
    proposal.save(update_fields=["status", "version"])
    _record(proposal, settlement)


def _record(proposal: Proposal, settlement: Settlement) -> None:
    events.record(
        f"proposal_{proposal.status}",
        at=settlement.now,
        epoch=settlement.number,
        wallet=proposal.proposer,
        proposal=proposal.pk,
        title=proposal.title,
    )


def _record_closing_dispute(dispute: Dispute, settlement: Settlement) -> None:
    """Record `vote_closing`: the last epoch of the vote opens now."""
    events.record(
        "vote_closing",
        at=settlement.now,
        epoch=settlement.number,
        node=dispute.slash.node_id,
        dispute=dispute.pk,
        closes_epoch=dispute.closes_epoch,
    )


def _record_closing_proposal(proposal: Proposal, settlement: Settlement) -> None:
    events.record(
        "vote_closing",
        at=settlement.now,
        epoch=settlement.number,
        proposal=proposal.pk,
        title=proposal.title,
        closes_epoch=proposal.closes_epoch,
    )
