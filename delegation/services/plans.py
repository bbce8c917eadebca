"""Delegate to several nodes in one step: each delegation succeeds or is refused independently of the others."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from delegation.services.positions import delegate
from protocol.errors import NotFound, ProtocolError
from staking.services.epochs import lock_open_epoch
from staking.services.node_lock import lock


@dataclass(frozen=True, slots=True)
class PartOutcome:
    """The result of one delegation of a plan: its ledger transaction, or the refusal for which nothing changed."""

    node: str
    amount: int
    transaction: int | None
    refusal: ProtocolError | None


def delegate_parts(*, parts: Mapping[str, int], wallet: str, now: datetime) -> list[PartOutcome]:
    """Delegate µIFM by node address, in the order of the addresses (R12–R14); return the outcome of each.

    One transaction, and each delegation is all or nothing in it: a refusal leaves the others. Raises: nothing that
    `delegate` raises.
    """
    with transaction.atomic():
        lock_open_epoch()
        nodes = sorted(parts)
        # All nodes before the first entry: a transaction that waits for the wallet's account holds its node already.
        for node in nodes:
            with suppress(NotFound):
                lock(node)
        return [_delegate(node, parts[node], wallet, now) for node in nodes]


def _delegate(node: str, amount: int, wallet: str, now: datetime) -> PartOutcome:
    try:
        with transaction.atomic():
            held = delegate(node=node, amount=amount, wallet=wallet, now=now)
            return PartOutcome(node, amount, held.transaction, None)
    except ProtocolError as refusal:
        return PartOutcome(node, amount, None, refusal)
