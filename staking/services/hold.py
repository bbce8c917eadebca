"""Hold and release: an operator of the service stops settlement, ranking and payments; reads and intake continue.

For a restore above all: an epoch that has ended must not be settled before the oracle has sent again what the backup
does not have.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from staking.models import Network
from staking.services.epochs import lock_out_writers

LONGEST_REASON = 200


class Held(Exception):
    """Raised while settlement, ranking and payments are held; the message says since when and why."""


def hold(*, reason: str, now: datetime) -> bool:
    """Hold from now on; False when it was held already, and the first reason stays. Waits for a running settlement."""
    with transaction.atomic():
        lock_out_writers()
        free = Network.objects.filter(id=1, held_at=None)
        return bool(free.update(held_at=now, held_reason=reason[:LONGEST_REASON]))


def release() -> bool:
    """End the hold; False when there was none."""
    held = Network.objects.filter(id=1).exclude(held_at=None)
    return bool(held.update(held_at=None, held_reason=""))


def require_not_held() -> None:
    """Raise Held while there is a hold."""
    network = Network.objects.filter(id=1).exclude(held_at=None).first()
    if network is not None:
        raise Held(f"held since {network.held_at:%Y-%m-%d %H:%M} UTC: {network.held_reason}")
