"""Attestations: a node's hardware as the oracle measured it, and as its operator declared it (section 8)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from protocol.offences import hardware_shortfalls
from protocol.texts import check_hardware
from staking.models import Attestation
from staking.services.epochs import lock_open_epoch
from staking.services.node_lock import lock


def attest(*, node: str, measured: Mapping[str, object], now: datetime) -> Attestation:
    """Record the measured hardware of a node; an integer field below the declared one is `fake_resources`.

    The settlement of the open epoch detects the offence. Raises: `not_found`, `invalid`.
    """
    values = check_hardware(measured, field="measured")
    with transaction.atomic():
        epoch = lock_open_epoch()
        locked = lock(node)
        return Attestation.objects.create(
            node=locked,
            epoch=epoch.number,
            at=now,
            declared=locked.hardware,
            measured=values,
            shortfalls=hardware_shortfalls(locked.hardware, values),
        )
