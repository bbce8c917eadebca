"""An operator's objection to a slash (R33), and what it brings forward."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from governance.models import Dispute, DisputeEvidence
from governance.services.texts import REASON_LONGEST, check_link
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
from staking.services.epochs import OpenEpoch, lock_open_epoch, parameters_of
from staking.services.node_lock import lock
from staking.services.nodes import check_operator
from staking.services.slashes import mark_disputed

EVIDENCE_MOST = 20


def open_dispute(*, slash: int, reason: object, actor: str, now: datetime) -> Dispute:
    """Dispute a pending slash of one's own node, paying the deposit; the DAO votes on it (R33, R44).

    Raises: `invalid`, `not_found`, `not_operator`, `already_disputed`, `dispute_window_closed`,
    `insufficient_balance`.
    """
    words = check_text(reason, field="reason", longest=REASON_LONGEST, required=True)
    with transaction.atomic():
        epoch = lock_open_epoch()
        charge = _lock_slash(slash)
        check_operator(charge.node, actor)
        _check_disputable(charge, epoch, now)
        dispute = Dispute.objects.create(
            slash=charge,
            operator=actor,
            reason=words,
            deposit=epoch.params.dispute_deposit,
            opened_epoch=epoch.number,
            opened_at=now,
            closes_epoch=_closing_epoch(charge),
            quorum_bps=epoch.params.quorum_bps,
            quorum_base=quorum_base(epoch=epoch.number),
        )
        _pay_deposit(dispute, now)
        mark_disputed(charge, due_epoch=dispute.closes_epoch)
        _announce(dispute, charge, now)
        return dispute


def add_evidence(*, dispute: int, text: object, link: object, actor: str, now: datetime) -> DisputeEvidence:
    """Add words and a link to one's own running dispute, until its vote ends.

    Raises: `not_found`, `not_operator`, `vote_closed`, `invalid`.
    """
    with transaction.atomic():
        epoch = lock_open_epoch()
        found = Dispute.objects.select_for_update(no_key=True).filter(pk=dispute).first()
        if found is None:
            raise NotFound(f"There is no dispute {dispute}.")
        if found.operator != actor:
            raise NotOperator("Only the operator who disputes the slash may add evidence.")
        if found.status != Dispute.Status.VOTING or not is_before_end(found.closes_epoch, epoch, now):
            raise VoteClosed("The vote is closed: it takes no more evidence.")
        if found.evidence.count() >= EVIDENCE_MOST:
            raise Invalid(f"A dispute takes {EVIDENCE_MOST} pieces of evidence, and has them.", field="text")
        return DisputeEvidence.objects.create(
            dispute=found,
            text=check_text(text, field="text", longest=REASON_LONGEST, required=True),
            link=check_link(link),
            at=now,
        )


def deposit_key(dispute: int) -> str:
    """The key of the ledger transaction that paid a dispute's deposit."""
    return f"dispute_deposit:{dispute}"


def _lock_slash(slash: int) -> Slash:
    """The slash, read once its node is locked."""
    node = Slash.objects.filter(pk=slash).values_list("node__address", flat=True).first()
    if node is None:
        raise NotFound(f"There is no slash {slash}.")
    held = lock(node)
    charge = Slash.objects.select_for_update().get(pk=slash)
    charge.node = held
    return charge


def _check_disputable(charge: Slash, epoch: OpenEpoch, now: datetime) -> None:
    if Dispute.objects.filter(slash=charge).exists():
        raise AlreadyDisputed
    if charge.status != Slash.Status.PENDING or not is_before_end(charge.disputable_until_epoch, epoch, now):
        raise DisputeWindowClosed(
            f"It is too late: the slash could be disputed until epoch {charge.disputable_until_epoch} ended."
        )


def _closing_epoch(charge: Slash) -> int:
    """Windows are those of the epoch that created the slash (R32)."""
    digest = Epoch.objects.values_list("parameters__digest", flat=True).get(number=charge.epoch)
    return vote_until(parameters_of(digest), charge.epoch)


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
            f"A dispute takes a deposit of {format_amount(dispute.deposit)} IFM: "
            "have as much available in the wallet."
        ) from None


def _announce(dispute: Dispute, charge: Slash, now: datetime) -> None:
    events.record(
        "dispute_opened",
        at=now,
        epoch=dispute.opened_epoch,
        node=charge.node_id,
        wallet=dispute.operator,
        dispute=dispute.pk,
        slash=charge.pk,
        closes_epoch=dispute.closes_epoch,
    )
