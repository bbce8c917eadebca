"""The `/metrics` of a worker, which has no site to serve it."""

from __future__ import annotations

import socket

import httpx
import pytest

from inframind import metrics_server
from web import metrics as counters


@pytest.fixture
def worker(settings, monkeypatch):
    """A client of the metrics of a worker in this process, which asks for a token."""
    settings.INFRAMIND_METRICS_TOKEN = "s3cret"
    servers = []
    make = metrics_server.make_server
    monkeypatch.setattr(
        metrics_server,
        "make_server",
        lambda *address, **classes: servers.append(make(*address, **classes)) or servers[0],
    )
    port = metrics_server.start(("127.0.0.1", 0))
    headers = {"Authorization": "Bearer s3cret"}
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, trust_env=False) as client:
        yield client
    servers[0].shutdown()
    servers[0].server_close()


@pytest.mark.django_db(transaction=True)
def test_a_worker_serves_the_counters_of_its_ticks_and_the_state_of_the_network(worker):
    counters.TICKS.labels("release_tick", "held").inc()
    answer = worker.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/plain; version=")
    assert 'inframind_ticks_total{result="held",tick="release_tick"}' in answer.text
    assert "inframind_database_up 1.0" in answer.text


def test_a_worker_refuses_a_scrape_without_the_token_and_other_paths(worker):
    assert worker.get("/metrics", headers={"Authorization": ""}).status_code == 401
    answer = worker.get("/readyz")
    assert (answer.status_code, answer.text) == (404, "Ask for /metrics.\n")


def test_a_port_that_is_taken_is_an_error():
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(OSError, match="in use"):
        metrics_server.start(taken.getsockname()[:2])
