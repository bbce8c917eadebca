"""Retention that is due: settled epochs beyond the retention of each kind, oldest first."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import structlog

from retention.kinds import HEARTBEATS, KINDS, Kind
from retention.services import TooNew, archive_epoch, drop_epoch
from staking.models import Archive, Epoch

log = structlog.get_logger(__name__)


def due(kind: Kind) -> range:
    """The epochs whose rows are to be archived and dropped."""
    if not kind.retained_epochs:
        return range(0)
    settled = (
        Epoch.objects.filter(status=Epoch.Status.SETTLED).order_by("-number").values_list("number", flat=True)
    )
    dropped = Archive.objects.filter(kind=kind.name).exclude(dropped_at=None).order_by("-epoch")
    first = dropped.values_list("epoch", flat=True).first() or 0
    return range(first + 1, (settled.first() or 0) - kind.retained_epochs + 1)


def step(*, now: datetime) -> list[tuple[Kind, int]]:
    """Archive and drop the oldest epoch that is due of each kind; kind and number of what was dropped."""
    waiting = {kind: epochs[0] for kind in KINDS if (epochs := due(kind))}
    archived = [item for item in waiting.items() if _run(archive_epoch, *item, now=now)]
    return [item for item in archived if item[0] is not HEARTBEATS and _run(drop_epoch, *item, now=now)]


def _run(action: Callable[..., object], kind: Kind, epoch: int, *, now: datetime) -> bool:
    """Whether the action was done; an epoch that is too new for it is left for a later step."""
    try:
        action(kind, epoch, now=now)
    except TooNew as reason:
        log.info("archive_waits", kind=kind.name, epoch=epoch, reason=str(reason))
        return False
    return True
