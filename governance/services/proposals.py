"""Proposals: open a vote on changes of parameters (R47)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from governance.models import Proposal
from protocol.amounts import format_amount
from protocol.errors import Invalid, NoVotingPower, RateLimited
from protocol.parameters import apply_changes, unchanged
from protocol.texts import check_text
from protocol.votes import proposal_closes
from staking.selectors.voting_power import quorum_base, voting_power
from staking.services import events
from staking.services.counters import next_number
from staking.services.epochs import OpenEpoch, lock_open_epoch

MAX_TITLE = 120
MAX_BODY = 10_000
# Open at the same time, for each wallet. A proposal is free, but each one is counted and notified to everybody.
MAX_OPEN = 100


def propose(*, title: object, body: object, changes: object, wallet: str, now: datetime) -> Proposal:
    """Open a vote on changes of parameters (API format); end, quorum and timelock are fixed here (R47).

    Raises: `invalid`, `parameter_out_of_bounds`, `no_voting_power`, `rate_limited` when MAX_OPEN proposals of the
    wallet are open.
    """
    title_text = check_text(title, field="title", longest=MAX_TITLE, required=True, one_line=True)
    body_text = check_text(body, field="body", longest=MAX_BODY)
    with transaction.atomic():
        epoch = lock_open_epoch()
        read_changes = _read_changes(changes, epoch)
        _check_power(wallet, epoch)
        number = next_number("proposal")
        _check_open(wallet)
        params = epoch.params
        proposal = Proposal.objects.create(
            id=number,
            proposer=wallet,
            title=title_text,
            body=body_text,
            changes=read_changes,
            timelock_epochs=params.timelock_epochs,
            opened_epoch=epoch.number,
            opened_at=now,
            closes_epoch=proposal_closes(params, epoch.number),
            quorum_bps=params.quorum_bps,
            quorum_base=quorum_base(epoch=epoch.number),
        )
        events.record(
            "proposal_opened",
            at=now,
            epoch=epoch.number,
            wallet=wallet,
            proposal=proposal.pk,
            title=title_text,
            closes_epoch=proposal.closes_epoch,
        )
        return proposal


def _read_changes(changes: object, epoch: OpenEpoch) -> dict[str, object]:
    if not isinstance(changes, Mapping) or not changes:
        raise Invalid("Enter at least one parameter and its new value.", field="changes")
    apply_changes(epoch.params, changes)
    for key in unchanged(epoch.params, changes):
        raise Invalid(f"Enter another value for {key}: this one is in force.", field=key)
    return dict(changes)


def _check_open(wallet: str) -> None:
    """Refuse another proposal of a wallet that has MAX_OPEN; the counter's lock makes the number exact."""
    if Proposal.objects.filter(proposer=wallet, status=Proposal.Status.VOTING).count() >= MAX_OPEN:
        raise RateLimited(
            f"This wallet has {MAX_OPEN} open proposals. Wait until the vote on one of them ends."
        )


def _check_power(wallet: str, epoch: OpenEpoch) -> None:
    threshold = epoch.params.proposal_threshold
    power = voting_power(wallet, epoch=epoch.number)
    if power < threshold:
        raise NoVotingPower(
            f"A proposal requires {format_amount(threshold)} IFM of voting power; at the opening of epoch "
            f"{epoch.number} this wallet had {format_amount(power)} IFM."
        )
