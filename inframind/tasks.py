"""What beat sets off. Ticks are short and fixed; what is due, a tick reads from our own tables.

So a vote that changes an interval is a row, a restart of beat or worker loses nothing, and a tick that
comes twice finds nothing left to do.
"""

from __future__ import annotations

import time
from datetime import timedelta

from celery import shared_task
from django.core.cache import cache
from django.utils import timezone

from identity import upkeep
from notifications import dispatch
from settlement.epoch import settle_due
from staking.services.clock import now
from staking.services.rankings import rank_due
from staking.services.unbondings import release_due
from web import data_version, form_idempotency

from . import health
from .celery import app


@shared_task
def pulse() -> None:
    """Record that beat sends and a worker receives; `/readyz` reads it."""
    cache.set(health.PULSE_KEY, time.time(), timeout=None)


@shared_task
def epoch_tick() -> None:
    """Settle what is due; two workers at it settle each epoch once (S)."""
    for _ in settle_due(now=now()):
        pass


@shared_task
def ranking_tick() -> None:
    """Rank when the running period has no ranking yet (R49)."""
    rank_due(now=now())


@shared_task
def release_tick() -> None:
    """Pay unbondings that have matured (R17)."""
    release_due(now=now())


@shared_task
def notice_tick() -> None:
    """Tell those who asked of what has happened, by mail and webhook."""
    dispatch.queue_events()
    dispatch.send_due(now=timezone.now())


@shared_task
def housekeeping() -> None:
    """Forget what only lists needed to know that something moved, old forms, sign-ins that ran out, old letters."""
    data_version.prune()
    form_idempotency.prune(now=now())
    upkeep.prune(now=timezone.now())
    dispatch.forget(now=timezone.now())


# Tick and seconds between two of them.
RHYTHM = {pulse: 10, epoch_tick: 5, ranking_tick: 15, release_tick: 30, notice_tick: 5, housekeeping: 60}

app.conf.beat_schedule = {
    task.__name__: {
        "task": task.name,
        "schedule": timedelta(seconds=seconds),
        # Ticks that piled up while no worker was there say nothing that the next one does not.
        "options": {"expires": seconds},
    }
    for task, seconds in RHYTHM.items()
}
