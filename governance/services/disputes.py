"""Disputes: open one against a slash (R33) and add evidence to it."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from governance.models import Dispute, DisputeEvidence
from governance.services.texts import MAX_REASON, check_link
from governance.voting_periods import is_before_end
from ledger import accounts
from ledger.posting import post
from protocol.amounts import format_amount
from protocol.errors import (
    AlreadyDisputed,
    DisputeWindowClosed,
    InsufficientBalance,
    Invalid,
    NotFound,
    NotOperator,
    VoteClosed,
)
from protocol.slashing import vote_until
from protocol.texts import check_text
from staking.models import Epoch, Slash
from staking.selectors.voting_power import quorum_base
from staking.services import events
from staking.services.counters import next_number
from staking.services.epochs import OpenEpoch, lock_open_epoch, parameters_of
from staking.services.node_lock import lock
from staking.services.nodes import check_operator
from staking.services.slashes import mark_disputed

MAX_EVIDENCE = 20


def open_dispute(*, slash: int, reason: object, actor: str, now: datetime) -> Dispute:
    """Dispute a pending slash of the actor's own node, pay the deposit and open the vote (R33, R44).

    Raises: `invalid`, `not_found`, `not_operator`, `already_disputed`, `dispute_window_closed`,
    `insufficient_balance`.
    """
    reason_text = check_text(reason, field="reason", longest=MAX_REASON, required=True)
    with transaction.atomic():
        epoch = lock_open_epoch()
        row = _lock_slash(slash)
        check_operator(row.node, actor)
        _check_disputable(row, epoch, now)
        dispute = Dispute.objects.create(
            id=next_number("dispute"),
            slash=row,
            operator=actor,
            reason=reason_text,
            deposit=epoch.params.dispute_deposit,
            opened_epoch=epoch.number,
            opened_at=now,
            closes_epoch=_closing_epoch(row),
            quorum_bps=epoch.params.quorum_bps,
            quorum_base=quorum_base(epoch=epoch.number),
        )
        _pay_deposit(dispute, now)
        mark_disputed(row, due_epoch=dispute.closes_epoch)
        _record_opening(dispute, row, now)
        return dispute


def add_evidence(*, dispute: int, text: object, link: object, actor: str, now: datetime) -> DisputeEvidence:
    """Add a text and a link to the actor's own dispute while its vote is open.

    Raises: `not_found`, `not_operator`, `vote_closed`, `invalid`.
    """
    with transaction.atomic():
        epoch = lock_open_epoch()
        row = Dispute.objects.select_for_update(no_key=True).filter(pk=dispute).first()
        if row is None:
            raise NotFound(f"There is no dispute {dispute}.")
        if row.operator != actor:
            raise NotOperator("Only the operator who opened the dispute can add evidence.")
        if row.status != Dispute.Status.VOTING or not is_before_end(row.closes_epoch, epoch, now):
            raise VoteClosed("The vote is closed. Evidence can no longer be added.")
        if row.evidence.count() >= MAX_EVIDENCE:
            raise Invalid(f"A dispute can have at most {MAX_EVIDENCE} pieces of evidence.", field="text")
        return DisputeEvidence.objects.create(
            dispute=row,
            text=check_text(text, field="text", longest=MAX_REASON, required=True),
            link=check_link(link),
            at=now,
        )


def deposit_key(dispute: int) -> str:
    """Return the key of the ledger transaction that paid the deposit of a dispute."""
    return f"dispute_deposit:{dispute}"


def _lock_slash(slash: int) -> Slash:
    """Lock the node, then its slash, and return the slash. Raises: `not_found`."""
    node = Slash.objects.filter(pk=slash).values_list("node__address", flat=True).first()
    if node is None:
        raise NotFound(f"There is no slash {slash}.")
    locked_node = lock(node)
    row = Slash.objects.select_for_update().get(pk=slash)
    row.node = locked_node
    return row


def _check_disputable(slash: Slash, epoch: OpenEpoch, now: datetime) -> None:
    if Dispute.objects.filter(slash=slash).exists():
        raise AlreadyDisputed
    if slash.status != Slash.Status.PENDING or not is_before_end(slash.disputable_until_epoch, epoch, now):
        raise DisputeWindowClosed(
            f"The slash could be disputed until the end of epoch {slash.disputable_until_epoch}."
        )


def _closing_epoch(slash: Slash) -> int:
    """Return the last epoch of the vote, by the parameters under which the slash was created (R32)."""
    digest = Epoch.objects.values_list("parameters__digest", flat=True).get(number=slash.epoch)
    return vote_until(parameters_of(digest), slash.epoch)


def _pay_deposit(dispute: Dispute, now: datetime) -> None:
    if not dispute.deposit:
        return
    try:
        post(
            kind="dispute_deposit",
            moves={accounts.wallet(dispute.operator): -dispute.deposit, accounts.DEPOSITS: dispute.deposit},
            at=now,
            epoch=dispute.opened_epoch,
            reference=f"dispute:{dispute.pk}",
            actor=dispute.operator,
            key=deposit_key(dispute.pk),
        )
    except InsufficientBalance:
        raise InsufficientBalance(
            f"A dispute requires a deposit of {format_amount(dispute.deposit)} IFM, available in the wallet."
        ) from None


def _record_opening(dispute: Dispute, slash: Slash, now: datetime) -> None:
    events.record(
        "dispute_opened",
        at=now,
        epoch=dispute.opened_epoch,
        node=slash.node_id,
        wallet=dispute.operator,
        dispute=dispute.pk,
        slash=slash.pk,
        closes_epoch=dispute.closes_epoch,
    )
