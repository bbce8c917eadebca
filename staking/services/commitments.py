"""Commitments of operators: make, replace and withdraw them, and announce a lower delegator share."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from protocol.amounts import MAX_AMOUNT, format_amount
from protocol.errors import Invalid, NodeRetired, ParameterOutOfBounds
from protocol.rewards import check_share
from staking.models import Commitment, Node, ShareAnnouncement
from staking.services import events
from staking.services.commitment_signatures import SignedTerms
from staking.services.epochs import OpenEpoch, lock_open_epoch
from staking.services.node_lock import lock
from staking.services.nodes import check_operator

MAX_NOTICE = 30
# Epochs from the open one to the one from which an announced share applies.
MAX_AHEAD = 365
# Announcements and commitments of a node in one epoch.
MAX_IN_EPOCH = 10


def make_commitment(
    *,
    node: str,
    actor: str,
    minimum_share_bps: int | None,
    notice_epochs: int | None,
    maximum_delegated: int | None,
    now: datetime,
    signed: SignedTerms | None = None,
) -> Commitment:
    """Promise terms for a node from the open epoch on; None promises nothing. Share in bps, maximum in µIFM.

    A commitment in force ends after its own notice, one epoch without one; until then both apply. Repeating the
    terms in force changes nothing, unless they are signed for the first time. Raises: `invalid`, `not_found`,
    `not_operator`, `node_retired`, `parameter_out_of_bounds`.
    """
    terms: dict[str, Any] = {
        "minimum_share_bps": minimum_share_bps,
        "notice_epochs": notice_epochs,
        "maximum_delegated": maximum_delegated,
    }
    with transaction.atomic():
        epoch = lock_open_epoch()
        row = _lock_own(node, actor)
        _check_terms(row, epoch, minimum_share_bps, notice_epochs, maximum_delegated)
        if signed is not None and signed.from_epoch != epoch.number:
            raise Invalid("A new epoch has begun since you signed. Sign again.")
        current = _current(row)
        if current is not None:
            repeated = all(getattr(current, name) == value for name, value in terms.items())
            if repeated and (signed is None or current.signature is not None):
                return current
            _end(current, epoch)
        if Commitment.objects.filter(node=row, from_epoch=epoch.number).count() >= MAX_IN_EPOCH:
            raise Invalid("Wait for the next epoch to promise other terms.")
        made = Commitment.objects.create(
            node=row, operator=actor, **terms, made_at=now, from_epoch=epoch.number,
            signature=signed.signature if signed else None,
        )  # fmt: skip
        events.record("commitment_made", at=now, epoch=epoch.number, node=row.id, commitment=made.pk, **terms)
        return made


def withdraw_commitment(*, node: str, actor: str, now: datetime) -> Commitment | None:
    """End the commitment in force after its notice; None when there is none. Safe to repeat.

    Raises: `not_found`, `not_operator`, `node_retired`.
    """
    with transaction.atomic():
        epoch = lock_open_epoch()
        row = _lock_own(node, actor)
        current = _current(row)
        if current is not None:
            _end(current, epoch)
            events.record(
                "commitment_withdrawn",
                at=now,
                epoch=epoch.number,
                node=row.id,
                commitment=current.pk,
                ends_epoch=current.ends_epoch,
            )
        return current


def announce_share(
    *, node: str, actor: str, share_bps: int, from_epoch: int, now: datetime
) -> ShareAnnouncement:
    """Announce a lower delegator share (bps) that applies in `from_epoch` at the earliest. Changes no share.

    `from_epoch`: at most MAX_AHEAD epochs after the open one.

    Raises: `invalid`, `not_found`, `not_operator`, `node_retired`, `parameter_out_of_bounds`.
    """
    check_share(share_bps)
    with transaction.atomic():
        epoch = lock_open_epoch()
        row = _lock_own(node, actor)
        if from_epoch <= epoch.number:
            raise Invalid(f"Enter an epoch after {epoch.number}.", field="from_epoch")
        if from_epoch > epoch.number + MAX_AHEAD:
            raise Invalid(f"Enter an epoch up to {epoch.number + MAX_AHEAD}.", field="from_epoch")
        if share_bps >= row.share_in(epoch.number + 1):
            raise Invalid("Enter a share below the present one.", field="share_bps")
        terms: dict[str, Any] = {"share_bps": share_bps, "from_epoch": from_epoch}
        of_epoch = ShareAnnouncement.objects.filter(node=row, epoch=epoch.number)
        repeated = of_epoch.filter(**terms).first()
        if repeated is not None:
            return repeated
        if of_epoch.count() >= MAX_IN_EPOCH:
            raise Invalid("Wait for the next epoch to announce more.")
        made = ShareAnnouncement.objects.create(node=row, **terms, epoch=epoch.number, at=now)
        events.record("share_cut_announced", at=now, epoch=epoch.number, node=row.id, **terms)
        return made


def _lock_own(node: str, actor: str) -> Node:
    row = lock(node)
    check_operator(row, actor)
    if row.retired_at is not None:
        raise NodeRetired("A retired node cannot be changed.")
    return row


def _current(node: Node) -> Commitment | None:
    return Commitment.objects.select_for_update().filter(node=node, ends_epoch=None).first()


def _end(commitment: Commitment, epoch: OpenEpoch) -> None:
    commitment.ends_epoch = epoch.number + (commitment.notice_epochs or 1)
    commitment.save(update_fields=["ends_epoch"])


def _check_terms(
    node: Node, epoch: OpenEpoch, minimum_share_bps: int | None, notice: int | None, maximum: int | None
) -> None:
    if minimum_share_bps is None and notice is None and maximum is None:
        raise Invalid("Promise at least one of the three.", field="minimum_share_bps")
    if minimum_share_bps is not None:
        check_share(minimum_share_bps)
        if min(node.share_in(epoch.number), node.share_in(epoch.number + 1)) < minimum_share_bps:
            raise Invalid("Enter at most the delegator share in force.", field="minimum_share_bps")
    if notice is not None and not 1 <= notice <= MAX_NOTICE:
        raise ParameterOutOfBounds(f"Choose notice_epochs between 1 and {MAX_NOTICE}.", field="notice_epochs")
    if maximum is not None:
        _check_maximum(node, maximum)


def _check_maximum(node: Node, maximum: int) -> None:
    if not 1 <= maximum <= MAX_AMOUNT:
        raise Invalid("Enter an amount above 0.", field="maximum_delegated")
    if node.delegation_cap is None or node.delegation_cap > maximum:
        raise Invalid("Set the delegation cap to this amount or less first.", field="maximum_delegated")
    if node.pool.tokens > maximum:
        raise Invalid(
            f"{format_amount(node.pool.tokens)} IFM is delegated now: enter at least that.",
            field="maximum_delegated",
        )
