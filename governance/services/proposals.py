"""Changes of parameters that a member puts to the vote (R47)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from governance.models import Proposal
from protocol.amounts import format_amount
from protocol.errors import Invalid, NoVotingPower, RateLimited
from protocol.parameters import apply_changes
from protocol.texts import check_text
from protocol.votes import proposal_closes
from staking.selectors.voting_power import quorum_base, voting_power
from staking.services import events
from staking.services.epochs import OpenEpoch, lock_open_epoch

TITLE_LONGEST = 120
BODY_LONGEST = 10_000
# Of one wallet at a time. A proposal costs nothing, but a settlement counts each and everybody is told of it.
OPEN_MOST = 100


def propose(*, title: object, body: object, changes: object, wallet: str, now: datetime) -> Proposal:
    """Open a vote on changes of parameters (door format); close, quorum and timelock are fixed here (R47).

    Raises: `invalid`, `parameter_out_of_bounds`, `no_voting_power`, `rate_limited` while a hundred of the wallet's
    are open to votes.
    """
    heading = check_text(title, field="title", longest=TITLE_LONGEST, required=True, one_line=True)
    words = check_text(body, field="body", longest=BODY_LONGEST)
    with transaction.atomic():
        epoch = lock_open_epoch()
        wanted = _read_changes(changes, epoch)
        _check_power(wallet, epoch)
        if Proposal.objects.filter(proposer=wallet, status=Proposal.Status.VOTING).count() >= OPEN_MOST:
            raise RateLimited
        params = epoch.params
        proposal = Proposal.objects.create(
            proposer=wallet,
            title=heading,
            body=words,
            changes=wanted,
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
            title=heading,
            closes_epoch=proposal.closes_epoch,
        )
        return proposal


def _read_changes(changes: object, epoch: OpenEpoch) -> dict[str, object]:
    if not isinstance(changes, Mapping) or not changes:
        raise Invalid("Name at least one parameter and its new value.", field="changes")
    apply_changes(epoch.params, changes)
    return dict(changes)


def _check_power(wallet: str, epoch: OpenEpoch) -> None:
    needed = epoch.params.proposal_threshold
    power = voting_power(wallet, epoch=epoch.number)
    if power < needed:
        raise NoVotingPower(
            f"A proposal takes {format_amount(needed)} IFM of voting power; at the opening of epoch "
            f"{epoch.number} this wallet had {format_amount(power)}."
        )
