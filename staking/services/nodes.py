"""Nodes: registration, what an operator may change, retirement."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from protocol.addresses import checksum
from protocol.errors import Conflict, Invalid, NodeRetired, NotOperator
from protocol.rewards import check_share, check_share_change
from protocol.texts import check_hardware, check_name, check_region, check_status
from staking.models import Event, FormerSigningKey, Node, Pool, Receipt, ShareChange
from staking.services import events
from staking.services.epochs import OpenEpoch, lock_open_epoch, lock_out_writers
from staking.services.node_lock import lock

TEXTS: dict[str, Callable[[object], Any]] = {
    "name": check_name,
    "region": check_region,
    "hardware": check_hardware,
    "status": check_status,
}
# Each is e-mailed to every delegator who chose this kind.
MAX_CUT_NOTIFICATIONS = 10
PLAIN = ("name", "region", "hardware", "delegation_cap")
CHANGEABLE = (*PLAIN, "signing_key", "delegator_share_bps", "status")


def register(
    *,
    address: str,
    operator: str,
    name: str,
    region: str,
    now: datetime,
    hardware: Mapping[str, Any] | None = None,
    signing_key: str | None = None,
    custodial: bool = False,
    delegation_cap: int | None = None,
    share_bps: int | None = None,
) -> Node:
    """Register a node; the caller is its operator (section 2). Cap in µIFM, share in bps.

    Raises: `invalid` for a name, region or hardware that cannot be, `conflict` when the address is taken,
    `parameter_out_of_bounds` for a share outside 5,000 … 10,000.
    """
    texts = {
        "name": check_name(name),
        "region": check_region(region),
        "hardware": check_hardware(hardware or {}),
    }
    if share_bps is not None:
        check_share(share_bps)
    with transaction.atomic():
        epoch = lock_open_epoch()
        share = epoch.params.delegator_share_bps if share_bps is None else share_bps
        try:
            with transaction.atomic():
                node = Node.objects.create(
                    address=address,
                    operator=operator,
                    **texts,
                    signing_key=signing_key or address,
                    custodial=custodial,
                    delegation_cap=delegation_cap,
                    share_bps=share,
                    registered_at=now,
                    registered_epoch=epoch.number,
                )
        except IntegrityError:
            raise Conflict(
                f"The address {checksum(address)} is taken by another node.", field="address"
            ) from None
        node.pool = Pool.objects.create(node=node)
        events.record("node_registered", at=now, epoch=epoch.number, node=node.id, wallet=operator)
        return node


def change(*, node: str, actor: str, changes: Mapping[str, Any], now: datetime) -> Node:
    """Change what an operator may change (interfaces section 3). Cap in µIFM or None, share in bps.

    Raises: `invalid`, `not_found`, `not_operator`, `node_retired`, `parameter_out_of_bounds`,
    `share_cut_too_large`.
    """
    unknown = sorted(set(changes) - set(CHANGEABLE))
    if unknown:
        raise Invalid(f"{unknown[0]} cannot be changed.", field=unknown[0])
    changes = {name: TEXTS[name](value) if name in TEXTS else value for name, value in changes.items()}
    with transaction.atomic():
        key = _new_signing_key(node, actor, changes)
        epoch = lock_open_epoch()
        locked = lock(node)
        check_operator(locked, actor)
        if locked.retired_at is not None:
            raise NodeRetired("A retired node cannot be changed.")
        plain = {k: v for k, v in changes.items() if k in PLAIN}
        for field, value in plain.items():
            setattr(locked, field, value)
        if key not in (None, locked.signing_key):
            _change_signing_key(locked, key, epoch)
        if "delegator_share_bps" in changes:
            _change_share(locked, changes["delegator_share_bps"], epoch, now)
        if "status" in changes:
            _retire(locked, epoch, now)
        locked.save()
        return locked


def check_operator(node: Node, actor: str) -> None:
    """Raises: `not_operator` unless the wallet runs the node."""
    if node.operator != actor:
        raise NotOperator(f"Only the operator {checksum(node.operator)} can do this for the node.")


def _new_signing_key(node: str, actor: str, changes: Mapping[str, Any]) -> str | None:
    """The signing key that replaces the node's, with all writers locked out; None when it stays.

    A batch of receipts is judged by the keys that it has read: none may be under way while a key changes (R22).
    """
    key: str | None = changes.get("signing_key")
    own = Node.objects.filter(address=node, operator=actor)
    if key is None or not own.exclude(signing_key=key).exists():
        return None
    lock_out_writers()
    return key


def _change_signing_key(node: Node, key: str, epoch: OpenEpoch) -> None:
    """From the next receipt that is recorded on; those recorded before stay as they were judged."""
    recorded = Receipt.objects.filter(epoch=epoch.number, node_id=node.id)
    # The indexes of receipts are of those that are good and of those that are not.
    receipts = sum(recorded.filter(good=good).count() for good in (True, False))
    if receipts:
        # A key that judged no receipt need not be known: the one that was replaced before it is.
        FormerSigningKey.objects.get_or_create(
            node=node, epoch=epoch.number, receipts=receipts, defaults={"key": node.signing_key}
        )
    node.signing_key = key


def _change_share(node: Node, share_bps: int, epoch: OpenEpoch, now: datetime) -> None:
    """From the next epoch on; the last change of an epoch counts, measured against the share in force (R48)."""
    in_force, announced = node.share_in(epoch.number), node.share_in(epoch.number + 1)
    check_share_change(epoch.params, in_force, share_bps)
    node.share_bps, node.next_share_bps, node.next_share_epoch = in_force, share_bps, epoch.number + 1
    ShareChange.objects.update_or_create(
        node=node,
        from_epoch=epoch.number + 1,
        defaults={"old_bps": in_force, "new_bps": share_bps, "at": now},
    )
    if share_bps < in_force and share_bps != announced:
        _announce_cut(node, epoch, now, in_force, share_bps)


def _announce_cut(node: Node, epoch: OpenEpoch, now: datetime, old_bps: int, new_bps: int) -> None:
    """Announce the change to delegators (R48); from the tenth change in an epoch on, correct the last announcement."""
    announced = Event.objects.filter(node_id=node.id, epoch=epoch.number, kind="share_cut").order_by("-id")
    last = list(announced.values_list("id", flat=True)[:MAX_CUT_NOTIFICATIONS])
    if len(last) < MAX_CUT_NOTIFICATIONS:
        events.record("share_cut", at=now, epoch=epoch.number, node=node.id, old_bps=old_bps, new_bps=new_bps)
    else:
        Event.objects.filter(id=last[0]).update(data={"old_bps": old_bps, "new_bps": new_bps})


def _retire(node: Node, epoch: OpenEpoch, now: datetime) -> None:
    node.retired_at = now
    events.record("node_retired", at=now, epoch=epoch.number, node=node.id)
