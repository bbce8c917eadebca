"""`/healthz`, `/readyz` and `/metrics`: what they answer, and that they answer whatever is down."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Any

import psycopg
import pytest
from django.core.cache import cache
from django.db import connection, connections
from django.test import Client

from inframind import health, metrics, network_state, tasks
from inframind.health import Probes, Readiness
from inframind.request_bodies import MeasuredBodies
from staking.models import Epoch
from staking.models import Network as NetworkRow
from staking.services.epochs import start_network
from tests.network import Network
from web import metrics as counters


@pytest.fixture(autouse=True)
def _no_cached_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget the cached answer of another test."""
    monkeypatch.setattr(health, "readiness", Readiness())


def checks(client: Client) -> dict[str, str]:
    health.readiness = Readiness()
    return client.get("/readyz").json()["checks"]


@pytest.fixture
def silent_server() -> Iterator[int]:
    """The port of a server that accepts connections and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=50) as server:
        yield server.getsockname()[1]


def ask(path: str, site: Any = None, **environ: str) -> tuple[str, dict[str, str], bytes]:
    """Status, headers and body as a WSGI server gets them, with a Host that is not ours."""
    started: list[Any] = []
    request = {"PATH_INFO": path, "REQUEST_METHOD": "GET", "HTTP_HOST": "10.1.2.3", **environ}
    body = b"".join(Probes(site)(request, lambda *answer: started.append(answer)))
    return started[0][0], dict(started[0][1]), body


def test_alive_needs_no_database(client):
    answer = client.get("/healthz")
    assert (answer.status_code, answer.content) == (200, b"ok\n")


def test_alive_whatever_the_host_header_says():
    assert ask("/healthz") == (
        "200 OK",
        {"Content-Type": "text/plain; charset=utf-8", "Content-Length": "3", "Cache-Control": "no-store"},
        b"ok\n",
    )
    assert ask("/healthz", REQUEST_METHOD="HEAD")[2] == b""


def test_alive_while_every_place_at_work_is_taken():
    busy = MeasuredBodies(lambda *request: pytest.fail("the site was reached"), 100, at_work=1)
    with busy.places.take(read=True), busy.places.take(read=False):
        assert ask("/healthz", busy)[0] == "200 OK"


def test_everything_else_is_left_to_the_site():
    def site(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        start_response("418 Teapot", [])
        return [environ["PATH_INFO"].encode()]

    assert ask("/nodes/", site) == ("418 Teapot", {}, b"/nodes/")
    assert ask("/healthz", site, REQUEST_METHOD="POST")[0] == "418 Teapot"


@pytest.mark.django_db(transaction=True)
def test_a_site_without_beat_and_worker_can_serve(client):
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json()["checks"]["database"] == answer.json()["checks"]["broker"] == "ok"
    assert answer.json()["checks"]["beat"] == "beat and worker have not been seen yet"
    assert answer.json()["alarms"] == ["beat"]


@pytest.mark.django_db(transaction=True)
def test_a_pulse_is_seen(client):
    tasks.pulse.delay()
    assert checks(client)["beat"] == "ok"
    cache.set(metrics.PULSE_KEY, time.time() - 100)
    assert checks(client)["beat"] == "beat and worker were last seen 100 s ago"


@pytest.mark.django_db(transaction=True)
def test_an_epoch_that_nobody_settles_is_an_alarm(client):
    begun = datetime.now(UTC) - timedelta(days=1, seconds=200)
    start_network(now=begun)
    assert checks(client)["settlement_overdue"].startswith("epoch 1 is overdue by 20")
    assert client.get("/readyz").status_code == 200
    Epoch.objects.update(end=begun + timedelta(days=2))
    assert checks(client)["settlement_overdue"] == "ok"


@pytest.mark.django_db(transaction=True)
def test_a_halted_settlement_is_an_alarm_with_its_faults(client):
    Network()
    NetworkRow.objects.update(halted=["2 balance: wallet:0xab", "10 tier: node 3"])
    assert checks(client)["settlement_halted"] == (
        "settlement is halted: the audit found 2 faults (2 balance: wallet:0xab; 10 tier: node 3)"
    )


@pytest.mark.django_db(transaction=True)
def test_an_open_epoch_in_the_future_is_an_alarm(client):
    start_network(now=datetime.now(UTC) + timedelta(hours=1))
    assert checks(client)["epoch_start"] == "ok", "epoch 1 may begin later than genesis"
    Epoch.objects.update(number=2)
    assert checks(client)["epoch_start"].startswith("epoch 2 starts 3")


@pytest.mark.django_db(transaction=True)
def test_a_hold_that_lasts_is_an_alarm(client):
    Network()
    NetworkRow.objects.update(held_at=datetime.now(UTC) - timedelta(minutes=5), held_reason="restore")
    assert checks(client)["hold"] == "ok"
    NetworkRow.objects.update(held_at=datetime(2026, 1, 2, 3, 4, tzinfo=UTC))
    assert checks(client)["hold"] == "held since 2026-01-02 03:04 UTC (restore): release it"
    assert checks(client)["settlement_overdue"] == "ok", "an epoch that is held is not overdue"


def test_a_site_without_database_is_not_ready(client, monkeypatch):
    monkeypatch.setattr(network_state, "_parameters", lambda: {"host": "127.0.0.1", "port": 1})
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["ready"]) == (503, False)
    assert answer.json()["checks"]["database"] == "the database does not answer"


def test_readiness_answers_within_two_seconds_when_servers_are_silent(
    client, monkeypatch, settings, silent_server
):
    monkeypatch.setattr(network_state, "_parameters", lambda: {"host": "127.0.0.1", "port": silent_server})
    settings.CELERY_BROKER_URL = f"redis://127.0.0.1:{silent_server}/0"
    began = time.monotonic()
    answer = client.get("/readyz")
    assert time.monotonic() - began < 2
    assert answer.status_code == 503
    assert answer.json()["checks"]["database"] == "no answer within 1.5 s"
    assert answer.json()["checks"]["broker"] == "the broker does not answer"


def test_a_check_that_hangs_is_not_started_again():
    let_go, started = Event(), []

    def hanging() -> health.Faults:
        started.append(1)
        return {"hanging": None if let_go.wait(20) else "never"}

    readiness = Readiness([hanging])
    readiness._last = (0.0, {})
    assert readiness.faults() == {"hanging": "no answer within 1.5 s"}
    readiness._last = (0.0, {})
    let_go.set()
    assert readiness.faults() == {"hanging": None}
    assert started == [1]


@pytest.mark.django_db(transaction=True)
def test_readiness_does_not_wait_for_a_stuck_transaction(client):
    Network()
    with psycopg.connect(**network_state._parameters()) as stuck:
        stuck.execute("LOCK TABLE staking_epoch")
        began = time.monotonic()
        assert client.get("/readyz").status_code == 503
        assert time.monotonic() - began < 2


@pytest.mark.django_db(transaction=True)
def test_behind_a_pooler_readiness_sends_no_start_up_options(monkeypatch):
    sent = []
    connect = psycopg.connect

    def recorded(**parameters: object) -> psycopg.Connection:
        sent.append(parameters)
        return connect(**parameters)

    connection.ensure_connection()
    with monkeypatch.context() as patch:
        # As with INFRAMIND_PREPARED_STATEMENTS=off.
        patch.delitem(connection.settings_dict["OPTIONS"], "options")
        patch.setattr(psycopg, "connect", recorded)
        network_state.read_state()
    assert [parameters.get("options") for parameters in sent] == [None]


def test_missing_static_files_are_reported(client, settings, tmp_path):
    settings.STORAGES = {
        **settings.STORAGES, "staticfiles": {"BACKEND": "inframind.static_storage.HashedStatic"},
    }  # fmt: skip
    settings.STATIC_ROOT = tmp_path
    assert health.static_files() == {
        "static_files": "the static files are missing: run `manage.py collectstatic`"
    }
    (tmp_path / "staticfiles.json").write_text("{}")
    assert health.static_files() == {"static_files": None}


def test_a_full_disk_is_reported(monkeypatch):
    monkeypatch.setattr(health, "MIN_FREE_BYTES", 2**62)
    assert health.disk() == {"disk": "the disk of the data directory is full"}


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


class TestMetrics:
    @pytest.mark.django_db(transaction=True)
    def test_they_show_the_network(self, client):
        Network()
        NetworkRow.objects.update(halted=["a fault", "another"], audited=0)
        shown = figures(client)
        assert shown["inframind_audit_faults"] == 2
        assert shown['inframind_network_info{chain_id="31337",kind="devnet"}'] == 1
        assert shown["inframind_open_epoch"] == 1
        assert shown["inframind_slashes_pending"] == shown["inframind_disputes_open"] == 0
        assert shown["inframind_proposals_open"] == 0
        assert shown["inframind_open_epoch_overdue_seconds"] > 86_400
        assert shown["inframind_settlement_halted"] == shown["inframind_database_up"] == 1
        assert shown["inframind_settlement_held"] == shown["inframind_clock_skew_seconds"] == 0
        assert shown['inframind_alarm{name="settlement_halted"}'] == 1
        assert shown['inframind_alarm{name="epoch_start"}'] == 0

    def test_without_a_database_they_say_so(self, client, monkeypatch):
        monkeypatch.setattr(network_state, "_parameters", lambda: {"host": "127.0.0.1", "port": 1})
        shown = figures(client)
        assert shown["inframind_database_up"] == 0
        assert "inframind_open_epoch" not in shown

    @pytest.mark.django_db(transaction=True)
    def test_refusals_are_counted_by_code(self, client):
        before = figures(client).get('inframind_refusals_total{code="not_found"}', 0)
        client.get("/api/v1/nothing")
        assert figures(client)['inframind_refusals_total{code="not_found"}'] == before + 1

    @pytest.mark.django_db(transaction=True)
    def test_runs_of_ticks_are_counted(self, client):
        before = figures(client).get('inframind_ticks_total{result="done",tick="release_tick"}', 0)
        Network()
        tasks.release_tick.delay()
        shown = figures(client)
        assert shown['inframind_ticks_total{result="done",tick="release_tick"}'] == before + 1
        assert time.time() - shown['inframind_tick_last_success_timestamp_seconds{tick="release_tick"}'] < 60

    def test_they_are_open_on_a_devnet_and_ask_for_a_token_where_one_is_set(self, client, settings):
        assert client.get("/metrics").status_code == 200
        settings.INFRAMIND_METRICS_TOKEN = "s3cret"
        assert client.get("/metrics").status_code == 401
        assert client.get("/metrics", headers={"Authorization": "Bearer s3cret"}).status_code == 200

    def test_they_are_closed_in_production_without_a_token(self, client, settings):
        settings.INFRAMIND_NETWORK = "production"
        assert client.get("/metrics").status_code == 404


def figures(client: Client) -> dict[str, float]:
    lines = client.get("/metrics").content.decode().splitlines()
    return {
        name: float(value) for name, _, value in (line.rpartition(" ") for line in lines if line[:1] != "#")
    }


@pytest.mark.django_db
def test_waits_for_the_pool_are_counted_once(monkeypatch):
    stats = {"requests_queued": 3, "requests_wait_ms": 1_500, "requests_errors": 1}
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "pool", {"max_size": 1})
    monkeypatch.setattr(
        type(connections["default"]), "pool", type("Pool", (), {"get_stats": lambda self: stats})()
    )
    waits = metrics.PoolWaits()
    before = counters.POOL_WAITS._value.get(), counters.POOL_WAIT_SECONDS._value.get()
    waits.observe()
    waits.observe()
    monkeypatch.setattr(metrics, "POOL_SECONDS", 0)
    waits.observe()
    assert counters.POOL_WAITS._value.get() == before[0] + 3
    assert counters.POOL_WAIT_SECONDS._value.get() == before[1] + 1.5


def test_the_body_of_readiness_is_the_same_without_django(client):
    _, _, body = ask("/readyz")
    assert json.loads(body)["checks"].keys() == client.get("/readyz").json()["checks"].keys()
