"""Messages about alarms: a mail to ADMINS and a notification to staff when one begins, a mail when it ends.

What was sent is stored in the network's row, so that a restart repeats nothing. A mail that fails is tried again, also
the one that an alarm is over: until it is sent, the alarm stays in the row with the time at which it ended.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import psycopg
import structlog
from django.core.mail import mail_admins
from django.db import connection, transaction

from identity.models import User
from inframind import alarms
from inframind.network_state import read_state
from staking.models import Network
from staking.services import events

log = structlog.get_logger(__name__)

LOCK = "hashtext('inframind_alarms'), 0"


def send(*, now: datetime) -> None:
    """Send messages about alarms that began or ended since the last call."""
    try:
        state = read_state()
    except psycopg.Error as error:
        log.error("alarms_not_checked", error=str(error).strip())
        return
    active = alarms.active(state)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_try_advisory_xact_lock({LOCK})")
        network = Network.objects.filter(id=1).first()
        if not cursor.fetchone()[0] or network is None:
            return
        current = _current(network.alarms, active, now)
        for name in active.keys() - network.alarms.keys():
            _notify_staff(name, active[name], now, state.epoch or 0)
        left = {name: alarm for name, alarm in current.items() if not _is_done(name, alarm)}
        if left != network.alarms:
            Network.objects.filter(id=1).update(alarms=left)


def _current(before: dict[str, Any], active: dict[str, str], now: datetime) -> dict[str, Any]:
    """The alarms that hold, and those that are over; one that comes back before its end was mailed has not ended."""
    current = {}
    for name in sorted(before.keys() | active.keys()):
        alarm = {**before[name]} if name in before else _begin(name, active[name], now)
        if name in active:
            alarm.pop("over", None)
            if not alarm["mailed"]:
                alarm["detail"] = active[name]
        else:
            alarm.setdefault("over", now.isoformat())
        current[name] = alarm
    return current


def _is_done(name: str, alarm: dict[str, Any]) -> bool:
    """Mail what has not been mailed yet; whether the alarm is over and that was mailed."""
    if "over" in alarm:
        lasted = f"It began at {alarm['since']} and was over at {alarm['over']}."
        return _mail(f"over: {name}", f"This alarm is over: {alarm['detail']}.\n\n{lasted}")
    if not alarm["mailed"]:
        what = f"What to do: docs/operations.md#{alarms.runbook(name)}."
        alarm["mailed"] = _mail(f"ALARM {name}", f"{alarm['detail']}.\n\n{what}")
    return False


def _begin(name: str, detail: str, now: datetime) -> dict[str, Any]:
    log.critical("alarm", name=name, detail=detail)
    return {"since": now.isoformat(), "detail": detail, "mailed": False}


def _notify_staff(name: str, detail: str, now: datetime, epoch: int) -> None:
    for wallet in User.objects.filter(is_staff=True, is_active=True).values_list("address", flat=True):
        events.record("service_alarm", at=now, epoch=epoch, wallet=wallet, alarm=name, detail=detail)


def _mail(subject: str, text: str) -> bool:
    """True if the e-mail was sent, or has no recipient."""
    try:
        mail_admins(subject, text)
    except OSError as error:
        log.error("alarm_not_mailed", subject=subject, error=str(error))
        return False
    return True
