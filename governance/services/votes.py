"""Votes on disputes and proposals, with the power at the snapshot; a vote can be changed until the close (R44, R45)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from governance.models import Dispute, Proposal, Vote
from governance.selectors.representation import represented_by
from governance.services.texts import MAX_REASON
from governance.voting_periods import is_before_end
from protocol.errors import ConflictOfInterest, Invalid, NotFound, NoVotingPower, VoteClosed
from protocol.texts import check_text
from protocol.votes import DISPUTE_CHOICES, PROPOSAL_CHOICES
from staking.selectors.voting_power import voting_power
from staking.services.epochs import OpenEpoch, lock_open_epoch


def vote_dispute(*, dispute: int, choice: object, reason: object, wallet: str, now: datetime) -> Vote:
    """Vote `uphold`, `overturn` or `abstain` on a dispute, or change the vote (R45).

    Raises: `not_found`, `vote_closed`, `invalid`, `conflict_of_interest`, `no_voting_power`.
    """
    with transaction.atomic():
        epoch = lock_open_epoch()
        row = Dispute.objects.filter(pk=dispute).first()
        if row is None:
            raise NotFound(f"There is no dispute {dispute}.")
        _check_open(row, epoch, now)
        fields = _read(choice, DISPUTE_CHOICES, reason, now)
        if row.operator == wallet:
            raise ConflictOfInterest
        fields["power"] = _power(wallet, row)
        return Vote.objects.update_or_create(dispute=row, wallet=wallet, defaults=fields)[0]


def vote_proposal(*, proposal: int, choice: object, reason: object, wallet: str, now: datetime) -> Vote:
    """Vote `for`, `against` or `abstain` on a proposal, or change the vote (R45, R47).

    Raises: `not_found`, `vote_closed`, `invalid`, `no_voting_power`.
    """
    with transaction.atomic():
        epoch = lock_open_epoch()
        row = Proposal.objects.filter(pk=proposal).first()
        if row is None:
            raise NotFound(f"There is no proposal {proposal}.")
        _check_open(row, epoch, now)
        fields = _read(choice, PROPOSAL_CHOICES, reason, now)
        fields["power"] = _power(wallet, row)
        return Vote.objects.update_or_create(proposal=row, wallet=wallet, defaults=fields)[0]


def _check_open(ballot: Dispute | Proposal, epoch: OpenEpoch, now: datetime) -> None:
    if ballot.status != "voting" or not is_before_end(ballot.closes_epoch, epoch, now):
        raise VoteClosed(f"The vote ended with epoch {ballot.closes_epoch}.")


def _read(choice: object, choices: tuple[str, ...], reason: object, now: datetime) -> dict[str, Any]:
    if not isinstance(choice, str) or choice not in choices:
        raise Invalid(f"Choose one of {', '.join(choices)}.", field="choice")
    return {
        "choice": choice,
        "reason": check_text(reason, field="reason", longest=MAX_REASON),
        "at": now,
    }


def _power(wallet: str, ballot: Dispute | Proposal) -> int:
    """Return the wallet's own power.

    Raises: `no_voting_power` when it also represents none, unless it changes its vote: those that it represented when
    it voted may have voted themselves since.
    """
    power = voting_power(wallet, epoch=ballot.opened_epoch)
    if power == 0 and not represented_by(wallet, [ballot]) and not _has_voted(wallet, ballot):
        raise NoVotingPower(
            f"This wallet had no stake at the opening of epoch {ballot.opened_epoch}, in which the vote was opened. "
            "Tokens staked later do not count."
        )
    return power


def _has_voted(wallet: str, ballot: Dispute | Proposal) -> bool:
    votes = Vote.objects.filter(wallet=wallet)
    mine = votes.filter(dispute=ballot) if isinstance(ballot, Dispute) else votes.filter(proposal=ballot)
    return mine.exists()
