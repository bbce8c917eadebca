"""The addresses that watchers ask: alive, ready, figures."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest
from django.core.cache import cache

from inframind import health, tasks
from staking.models import Epoch
from staking.services.epochs import start_network


def test_alive_needs_no_database(client):
    answer = client.get("/healthz")
    assert (answer.status_code, answer.content) == (200, b"ok\n")


@pytest.mark.django_db
def test_ready_names_what_is_missing(client):
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"]["database"] == "ok"
    assert answer.json()["checks"]["broker"] == "ok"
    assert answer.json()["checks"]["beat"] == "beat and worker have not been seen yet"


@pytest.mark.django_db
def test_a_pulse_makes_beat_ready(client):
    tasks.pulse.delay()
    assert client.get("/readyz").json()["checks"]["beat"] == "ok"


def test_an_old_pulse_is_told(client):
    cache.set(health.PULSE_KEY, time.time() - 100)
    assert health.beat() == "beat and worker were last seen 100 s ago"


@pytest.mark.django_db
def test_an_epoch_that_nobody_settles_is_told(client):
    begun = datetime.now(UTC) - timedelta(days=1, seconds=200)
    start_network(now=begun)
    said = client.get("/readyz").json()["checks"]["settlement"]
    assert said.startswith("epoch 1 is overdue by 20")
    Epoch.objects.update(end=begun + timedelta(days=2))
    assert client.get("/readyz").json()["checks"]["settlement"] == "ok"


def test_every_answer_carries_the_policy(client):
    answer = client.get("/healthz")
    policy = dict(part.strip().split(" ", 1) for part in answer["Content-Security-Policy"].split(";"))
    assert policy["script-src"] == policy["style-src"] == policy["default-src"] == "'self'"
    assert policy["object-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "same-origin"


def test_a_request_id_is_answered_and_a_crooked_one_replaced(client):
    assert client.get("/healthz", headers={"X-Request-ID": "abc-1"})["X-Request-ID"] == "abc-1"
    assert len(client.get("/healthz", headers={"X-Request-ID": "a b\t<c>"})["X-Request-ID"]) == 32


def test_figures_are_open_on_a_devnet_and_ask_for_a_token_where_one_is_set(client, settings):
    assert client.get("/metrics").status_code == 200
    settings.INFRAMIND_METRICS_TOKEN = "s3cret"
    assert client.get("/metrics").status_code == 401
    assert client.get("/metrics", headers={"Authorization": "Bearer s3cret"}).status_code == 200


@pytest.mark.django_db
def test_figures_are_closed_in_production_without_a_token(client, settings):
    settings.INFRAMIND_NETWORK = "production"
    assert client.get("/metrics").status_code == 404
