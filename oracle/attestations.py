"""Attestations: a node's hardware as the oracle measured it, beside what its operator declared (section 8)."""

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
    """Record what was measured of a node; integer fields below the declared ones make `fake_resources`.

    Found in the settlement of the open epoch. Raises: `not_found`, `invalid`.
    """
    values = check_hardware(measured, field="measured")
    with transaction.atomic():
        epoch = lock_open_epoch()
        found = lock(node)
        return Attestation.objects.create(
            node=found,
            epoch=epoch.number,
            at=now,
            declared=found.hardware,
            measured=values,
            shortfalls=hardware_shortfalls(found.hardware, values),
        )
