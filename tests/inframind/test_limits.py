"""Limits on locks, statements and idle transactions: one stuck transaction does not stop the network."""

from __future__ import annotations

import subprocess
import sys
from datetime import datetime, timedelta

import psycopg
import pytest
from celery.schedules import schedule
from django.db import InternalError, connection

from inframind import database_limits, network_state, tasks
from inframind.celery import app
from inframind.environment import PROJECT_ROOT
from postgres import clock
from staking.models import Epoch
from staking.services.epochs import EPOCH_LOCK
from tests.network import Network
from web import metrics as counters
from web.unavailable import is_away

SHOW = """
import {entry}
from django.db import connection
with connection.cursor() as cursor:
    for name in ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout", "application_name"):
        cursor.execute(f"SHOW {{name}}")
        print(cursor.fetchone()[0])
"""


# What manage.py does first.
MIGRATE = "manage, sys, django; sys.argv = ['manage.py', 'migrate']; manage.declare_kind(); django.setup()"


def runs(tick: str, result: str) -> float:
    return counters.TICKS.labels(tick, result)._value.get()


@pytest.mark.parametrize(
    ("entry", "limits"),
    [
        ("inframind.wsgi", ["8s", "15s", "30s", "inframind-web"]),
        ("inframind.celery, django; django.setup()", ["30s", "5min", "2min", "inframind-worker"]),
        ("django; django.setup()", ["1min", "1h", "10min", "inframind-command"]),
        (MIGRATE, ["5s", "1h", "10min", "inframind-migrate"]),
    ],
)
def test_every_kind_of_process_has_limits(process_environment, entry, limits):
    Network()
    code = SHOW.format(entry=entry)
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=PROJECT_ROOT,
        env=process_environment,
        capture_output=True,
        text=True,
    )
    assert done.stdout.split() == limits, done.stderr


def test_behind_a_pooler_no_start_up_options_are_sent(process_environment):
    Network()
    environment = {**process_environment, "INFRAMIND_PREPARED_STATEMENTS": "off"}
    code = SHOW.format(entry="inframind.wsgi")
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT_ROOT, env=environment, capture_output=True, text=True
    )
    assert done.stdout.split() == ["0", "0", "0", "inframind-web"], done.stderr


def test_the_first_word_on_the_kind_of_process_counts(monkeypatch):
    monkeypatch.setattr(database_limits, "_kind", "")
    assert database_limits.kind() == "command"
    database_limits.use("web")
    database_limits.use("worker")
    assert database_limits.current() == database_limits.LIMITS["web"]


def test_a_task_is_ended_before_the_broker_delivers_it_again(settings):
    assert settings.CELERY_TASK_SOFT_TIME_LIMIT < settings.CELERY_TASK_TIME_LIMIT
    assert settings.CELERY_BROKER_TRANSPORT_OPTIONS["visibility_timeout"] > settings.CELERY_TASK_TIME_LIMIT
    assert database_limits.LIMITS["worker"].statement < settings.CELERY_TASK_SOFT_TIME_LIMIT


def test_the_pulse_has_a_queue_of_its_own():
    queues = {task.name: app.amqp.router.route({}, task.name)["queue"].name for task in tasks.RHYTHM}
    assert [name for name, queue in queues.items() if queue == "pulse"] == ["inframind.tasks.pulse"]
    assert queues["inframind.tasks.epoch_tick"] == "settlement"
    assert set(queues.values()) == set(app.amqp.queues)


def test_beat_writes_no_file():
    scheduler = app.conf.beat_scheduler
    assert scheduler == "celery.beat:Scheduler"
    assert all(isinstance(entry["schedule"], schedule | type(app.conf.beat_schedule["pulse"]["schedule"]))
               for entry in app.conf.beat_schedule.values())  # fmt: skip


def test_no_tick_expires_because_two_clocks_differ_as_much_as_they_may():
    lives = {name: entry["options"]["expires"] for name, entry in app.conf.beat_schedule.items()}
    assert min(lives.values()) > 2 * clock.LIMIT.total_seconds() + min(tasks.RHYTHM.values())
    assert lives["archive_tick"] == 120


@pytest.mark.django_db(transaction=True)
def test_a_tick_leaves_an_epoch_that_another_worker_settles():
    Network()
    done = runs("epoch_tick", "done")
    with psycopg.connect(**network_state._parameters()) as other:
        other.execute(f"SELECT pg_advisory_xact_lock({EPOCH_LOCK})")
        assert tasks._settling()
        tasks.epoch_tick.delay()
    assert not tasks._settling()
    assert runs("epoch_tick", "done") == done + 1
    assert Epoch.objects.filter(status="settled").count() == 0


@pytest.mark.django_db(transaction=True)
def test_a_lock_that_is_not_free_in_time_ends_a_tick_and_no_more():
    Network()
    skipped = runs("ranking_tick", "skipped")
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '50ms'")
    with psycopg.connect(**network_state._parameters()) as other:
        other.execute(f"SELECT pg_advisory_xact_lock({EPOCH_LOCK})")
        tasks.ranking_tick.delay()
    connection.close()
    assert runs("ranking_tick", "skipped") == skipped + 1


@pytest.mark.django_db(transaction=True)
def test_an_idle_transaction_is_ended_by_the_server():
    with connection.cursor() as cursor:
        cursor.execute("SET idle_in_transaction_session_timeout = '50ms'")
        cursor.execute("BEGIN")
        waiting = "SELECT count(*) FROM pg_stat_activity WHERE pid = %s"
        with psycopg.connect(**network_state._parameters()) as other:
            pid = connection.connection.info.backend_pid
            while other.execute(waiting, [pid]).fetchone() != (0,):
                other.rollback()
        with pytest.raises(InternalError, match="idle-in-transaction timeout") as ended:
            cursor.execute("SELECT 1")
    connection.close()
    assert is_away(ended.value)


@pytest.mark.django_db
def test_a_wrong_clock_ends_a_tick(monkeypatch):
    Network()
    failed = runs("ranking_tick", "failed")
    monkeypatch.setattr(clock, "require_agreement", _disagree)
    monkeypatch.setattr("staking.services.epochs.require_agreement", _disagree)
    tasks.ranking_tick.delay()
    assert runs("ranking_tick", "failed") == failed + 1


def _disagree() -> None:
    raise clock.ClockSkew("an hour")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("tick", "works"),
    [
        ("anchor_tick", "anchor_due"),
        ("deposit_tick", "mirror_due"),
        ("notification_tick", "dispatch.send_due"),
        ("housekeeping", "upkeep.prune"),
        ("housekeeping", "dispatch.forget"),
    ],
)
def test_what_is_due_by_wall_time_is_due_by_the_clock_of_the_database(monkeypatch, tick, works):
    """A worker an hour ahead does nothing; one that agrees passes on the time of the database."""
    times = []
    monkeypatch.setattr(f"inframind.tasks.{works}", lambda **times_of: times.append(times_of))
    with monkeypatch.context() as patch:
        patch.setattr(clock, "datetime", an_hour_ahead)
        getattr(tasks, tick).delay()
    assert times == []
    before = clock.database_time()
    getattr(tasks, tick).delay()
    [passed] = times
    assert before <= passed.get("wall", passed["now"]) <= clock.database_time()


class an_hour_ahead(datetime):
    @classmethod
    def now(cls, tz=None):
        return datetime.now(tz) + timedelta(hours=1)


@pytest.mark.django_db
def test_a_new_devnet_begins_with_the_first_tick():
    tasks.epoch_tick.delay()
    assert Epoch.objects.get().number == 1
