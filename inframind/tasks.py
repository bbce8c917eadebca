"""Periodic tasks. Ticks are short and fixed; what is due, a tick reads from our own tables.

So a vote that changes an interval is a row, a restart of beat or worker loses nothing, and a tick that
comes twice finds nothing left to do.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import Any

import structlog
from celery import shared_task
from django.conf import settings
from django.core.cache import cache
from django.db import OperationalError, connection
from psycopg.errors import LockNotAvailable

from chain_sync.anchoring import anchor_due
from chain_sync.mirroring import mirror_due
from delegation.services.standing_orders import evaluate_orders
from identity import upkeep
from notifications import dispatch
from postgres.advisory_lock import try_lock
from postgres.clock import ClockSkew, database_time, require_agreement
from retention import plan
from settlement.epoch import settle_due
from settlement.epoch_lifecycle import Halted
from staking.services.clock import now
from staking.services.epochs import EPOCH_LOCK, start_network
from staking.services.hold import Held, require_not_held
from staking.services.rankings import rank_due
from staking.services.unbondings import release_due
from web import data_version, form_idempotency
from web import metrics as counters

from . import alarm_messages
from .celery import app
from .metrics import PULSE_KEY

log = structlog.get_logger(__name__)

# A tick that catches up settles no further epoch after this; the next tick goes on. Well below the task's time limit.
CATCH_UP_SECONDS = 200
SETTLING = f"""
SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND mode = 'ExclusiveLock' AND granted
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND (classid::bigint, objid::bigint) = ({EPOCH_LOCK.split(",")[0]}::bigint & 4294967295, 0) AND objsubid = 2)
"""


def wall_time() -> datetime:
    """The database's clock. Raises ClockSkew in a worker whose own clock differs too much."""
    at = database_time()
    require_agreement()
    return at


def counted(tick: Callable[[], None]) -> Callable[[], None]:
    """Count a tick's runs; a clock that is wrong and a lock that is not free end it with one line in the log."""
    name = tick.__name__

    @wraps(tick)
    def run() -> None:
        result = "failed"
        try:
            tick()
            result = "done"
        except Held as held:
            result = "held"
            log.warning("held", tick=name, reason=str(held))
        except ClockSkew as skew:
            log.critical("clock_skew", tick=name, error=str(skew))
        except OperationalError as error:
            if not isinstance(error.__cause__, LockNotAvailable):
                raise
            result = "skipped"
            log.warning("lock_not_free", tick=name)
        finally:
            counters.TICKS.labels(name, result).inc()
            if result in ("done", "held"):
                counters.TICK_SUCCESS.labels(name).set_to_current_time()

    return run


@shared_task
def pulse() -> None:
    """Record that beat sends and a worker receives."""
    cache.set(PULSE_KEY, time.time(), timeout=None)


@shared_task
@counted
def epoch_tick() -> None:
    """Settle what is due; two workers settle each epoch once (S). A new devnet begins here."""
    if _settling():
        return
    if settings.INFRAMIND_NETWORK == "devnet":
        start_network(now=now())
    began = last = time.monotonic()
    try:
        for _ in settle_due(now=now()):
            counters.SETTLEMENTS.observe(time.monotonic() - last)
            last = time.monotonic()
            if last - began > CATCH_UP_SECONDS:
                return
    except Halted:
        log.error("settlement_halted")


@shared_task
@counted
def ranking_tick() -> None:
    """Rank when the running period has no ranking yet (R49)."""
    rank_due(now=now())


@shared_task
@counted
def release_tick() -> None:
    """Pay unbondings that have matured (R17)."""
    release_due(now=now())


@shared_task
@counted
def anchor_tick() -> None:
    """Anchor settled epochs on the chain, where there is one (R52)."""
    anchor_due(now=wall_time())


@shared_task
@counted
def deposit_tick() -> None:
    """Credit tokens that were locked on the chain, where there is one (R54)."""
    mirror_due(wall=wall_time(), now=now())


@shared_task
@counted
def standing_order_tick() -> None:
    """Notify wallets of conditions of their standing orders that hold now."""
    evaluate_orders(now=now())


@shared_task
@counted
def notification_tick() -> None:
    """Send notifications by mail and webhook."""
    dispatch.queue_events()
    dispatch.send_due(now=wall_time())


@shared_task
@counted
def alarm_tick() -> None:
    """Send alarms that began or ended to ADMINS and staff."""
    alarm_messages.send(now=now())


@shared_task
@counted
def housekeeping() -> None:
    """Delete old data versions, forms, sign-ins and deliveries."""
    wall = wall_time()
    data_version.prune()
    form_idempotency.prune(now=now())
    upkeep.prune(now=wall)
    dispatch.forget(now=wall)


@shared_task
@counted
def demo_tick() -> None:
    """Send the work of the demo network's nodes, as its oracle."""
    from inframind.demo import live

    live.send(now=now())


@shared_task
@counted
def archive_tick() -> None:
    """Archive and drop the oldest epoch that is due of each kind; nothing where no archive is configured."""
    if not settings.INFRAMIND_ARCHIVE:
        return
    require_not_held()
    with try_lock("retention") as free:
        if free:
            plan.step(now=wall_time())


def _settling() -> bool:
    """Return True while another worker settles: waiting for it would block this worker's other tasks."""
    with connection.cursor() as cursor:
        cursor.execute(SETTLING)
        return bool(cursor.fetchone()[0])


# Tick and seconds between two of them.
RHYTHM = {
    pulse: 10,
    epoch_tick: 5,
    ranking_tick: 15,
    release_tick: 30,
    anchor_tick: 5,
    deposit_tick: 5,
    standing_order_tick: 15,
    notification_tick: 5,
    alarm_tick: 15,
    housekeeping: 60,
    archive_tick: 120,
}


def rhythm() -> dict[Any, int]:
    """RHYTHM, and on a devnet the work of the demo's nodes unless INFRAMIND_DEMO_LIVE is off."""
    lives = settings.INFRAMIND_NETWORK == "devnet" and settings.INFRAMIND_DEMO_LIVE
    return {**RHYTHM, demo_tick: 30} if lives else {**RHYTHM}


# A tick expires by the worker's clock, counted from beat's, and each may differ from the database's by clock.LIMIT. The
# ticks that pile up in the meantime find nothing left to do.
MIN_EXPIRES_SECONDS = 60

app.conf.beat_schedule = {
    task.__name__: {
        "task": task.name,
        "schedule": timedelta(seconds=seconds),
        # Ticks expire: those that queued up without a worker do no more than the next one.
        "options": {"expires": max(seconds, MIN_EXPIRES_SECONDS)},
    }
    for task, seconds in rhythm().items()
}
