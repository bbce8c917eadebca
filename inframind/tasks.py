"""What beat sets off. Ticks are short and fixed; what is due, a tick reads from our own tables.

So a vote that changes an interval is a row, a restart of beat or worker loses nothing, and a tick that
comes twice finds nothing left to do.
"""

from __future__ import annotations

import time
from datetime import timedelta

from celery import shared_task
from django.core.cache import cache

from . import health
from .celery import app


@shared_task
def pulse() -> None:
    """Record that beat sends and a worker receives; `/readyz` reads it."""
    cache.set(health.PULSE_KEY, time.time(), timeout=None)


# Tick and seconds between two of them.
RHYTHM = {pulse: 10}

app.conf.beat_schedule = {
    task.__name__: {
        "task": task.name,
        "schedule": timedelta(seconds=seconds),
        # Ticks that piled up while no worker was there say nothing that the next one does not.
        "options": {"expires": seconds},
    }
    for task, seconds in RHYTHM.items()
}
