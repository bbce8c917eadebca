"""Votes on disputes and proposals: power at the snapshot, changed at will until the close (R44, R45)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from governance.models import Dispute, Proposal, Vote
from governance.services.texts import REASON_LONGEST
from governance.voting_periods import is_before_end
from protocol.errors import ConflictOfInterest, Invalid, NotFound, NoVotingPower, VoteClosed
from protocol.texts import check_text
from protocol.votes import DISPUTE_CHOICES, PROPOSAL_CHOICES
from staking.selectors.voting_power import voting_power
from staking.services.epochs import OpenEpoch, lock_open_epoch


def vote_dispute(*, dispute: int, choice: object, reason: object, wallet: str, now: datetime) -> Vote:
    """Vote `uphold`, `overturn` or `abstain` on a dispute, or change one's vote (R45).

    Raises: `not_found`, `vote_closed`, `invalid`, `conflict_of_interest`, `no_voting_power`.
    """
    with transaction.atomic():
        epoch = lock_open_epoch()
        found = Dispute.objects.filter(pk=dispute).first()
        if found is None:
            raise NotFound(f"There is no dispute {dispute}.")
        _check_open(found, epoch, now)
        cast = _read(choice, DISPUTE_CHOICES, reason, now)
        if found.operator == wallet:
            raise ConflictOfInterest
        cast["power"] = _power(wallet, found)
        return Vote.objects.update_or_create(dispute=found, wallet=wallet, defaults=cast)[0]


def vote_proposal(*, proposal: int, choice: object, reason: object, wallet: str, now: datetime) -> Vote:
    """Vote `for`, `against` or `abstain` on a proposal, or change one's vote (R45, R47).

    Raises: `not_found`, `vote_closed`, `invalid`, `no_voting_power`.
    """
    with transaction.atomic():
        epoch = lock_open_epoch()
        found = Proposal.objects.filter(pk=proposal).first()
        if found is None:
            raise NotFound(f"There is no proposal {proposal}.")
        _check_open(found, epoch, now)
        cast = _read(choice, PROPOSAL_CHOICES, reason, now)
        cast["power"] = _power(wallet, found)
        return Vote.objects.update_or_create(proposal=found, wallet=wallet, defaults=cast)[0]


def _check_open(ballot: Dispute | Proposal, epoch: OpenEpoch, now: datetime) -> None:
    if ballot.status != "voting" or not is_before_end(ballot.closes_epoch, epoch, now):
        raise VoteClosed(f"The vote ended with epoch {ballot.closes_epoch}: it takes no more votes.")


def _read(choice: object, choices: tuple[str, ...], reason: object, now: datetime) -> dict[str, Any]:
    if not isinstance(choice, str) or choice not in choices:
        raise Invalid(f"Choose one of {', '.join(choices)}.", field="choice")
    return {
        "choice": choice,
        "reason": check_text(reason, field="reason", longest=REASON_LONGEST),
        "at": now,
    }


def _power(wallet: str, ballot: Dispute | Proposal) -> int:
    power = voting_power(wallet, epoch=ballot.opened_epoch)
    if power == 0:
        raise NoVotingPower(
            f"This wallet had no stake at the opening of epoch {ballot.opened_epoch}, in which the vote was "
            "opened: tokens staked later do not vote."
        )
    return power
