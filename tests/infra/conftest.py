"""A small network that speaks the REST API over real HTTP, and `infra` run against it."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from typer.testing import CliRunner, Result

from infra import client
from infra.main import app

ANNA = "0xABcD000000000000000000000000000000000001"
BELA = "0xABCe000000000000000000000000000000000002"
OWEN = "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf"
TOKEN = "infra-test-token"


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    query: dict[str, str]
    body: Any
    key: str | None
    rights: str | None


@dataclass
class FakeApi:
    """Answers by (method, path); `troubles` are met first, one a request; posts are remembered by key."""

    url: str = ""
    answers: dict[tuple[str, str], Any] = field(default_factory=dict)
    troubles: list[str | int] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    actions: dict[tuple[str, str], Any] = field(default_factory=dict)

    def says(self, method: str, path: str, answer: Any, status: int = 200) -> None:
        self.answers[method, path] = (status, answer)

    def refuses(self, method: str, path: str, status: int, code: str, detail: str, **more: Any) -> None:
        problem = {"type": "about:blank", "title": code, "status": status, "code": code, "detail": detail}
        self.says(method, path, {**problem, **more}, status)

    def posts(self) -> list[tuple[str, Any]]:
        return [(request.path, request.body) for request in self.requests if request.method == "POST"]

    def answer(self, request: Request) -> tuple[int, Any]:
        remembered = (request.path, request.key or "")
        if request.method == "POST" and remembered in self.actions:
            return self.actions[remembered]
        missing = (404, {"status": 404, "code": "not_found", "detail": f"No {request.path}."})
        status, answer = self.answers.get((request.method, request.path), missing)
        answer = answer(request) if callable(answer) else answer
        if request.method == "POST":
            self.actions[remembered] = (status, answer)
        return status, answer


def _handler(api: FakeApi) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            request = Request(
                self.command,
                parts.path.removeprefix("/api/v1/"),
                query,
                body,
                self.headers.get("Idempotency-Key"),
                self.headers.get("Authorization"),
            )
            api.requests.append(request)
            trouble = api.troubles.pop(0) if api.troubles else None
            if isinstance(trouble, int):
                return self.reply(trouble, b"<h1>gateway</h1>")
            status, answer = api.answer(request)
            if trouble == "cut":
                self.close_connection = True
                return None
            return self.reply(status, json.dumps(answer).encode())

        do_POST = do_GET

        def reply(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            if status == 429:
                self.send_header("Retry-After", "7")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Tests read what `infra` prints, not the server's log."""

    return Handler


def node(address: str, name: str, **changed: Any) -> dict[str, Any]:
    return {
        "address": address, "name": name, "operator": OWEN, "region": "eu-north", "status": "active",
        "tier": 2, "self_stake": "2000.000000", "delegated": "400.500000", "effective_stake": "2400.500000",
        "pending_stake": "0.000000", "unbonding": "0.000000", "delegation_cap": None, "delegation_room": None,
        "delegator_share_bps": 8000, "q_bps": 12398, "score_bps": 12398, "rank": 1, "sla_bps": 10000,
        "uptime_bps": 9910, "latency_ms": 120, "latency_percentile_bps": 9400, "reputation": 505,
        "estimated_apr_bps": 1250, "custodial": False, **changed,
    }  # fmt: skip


def wallet(**changed: Any) -> dict[str, Any]:
    return {
        "address": OWEN, "total": "10000.000000", "available": "7500.000000", "staked": "2000.000000",
        "delegated": "500.000000", "unbonding": "0.000000", "claimable": "12.345678",
        "voting_power": "2500.000000", **changed,
    }  # fmt: skip


def page(rows: list[Any]) -> dict[str, Any]:
    return {"results": rows, "next": None}


def _nodes(rows: list[dict[str, Any]]) -> Any:
    def search(request: Request) -> dict[str, Any]:
        wanted = request.query.get("search", "").lower()
        operator = request.query.get("operator")
        matches = [row for row in rows if wanted in row["address"].lower() or wanted in row["name"].lower()]
        return page([row for row in matches if operator in (None, row["operator"])])

    return search


@pytest.fixture
def api() -> Any:
    """A network of two nodes, Anna's and Béla's, whose caller is Owen."""
    fake = FakeApi()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(fake))
    server.daemon_threads = True
    fake.url = f"http://127.0.0.1:{server.server_port}"
    fake.says("GET", "me", wallet())
    fake.says("GET", "nodes", _nodes([node(ANNA, "Anna"), node(BELA, "Béla", operator=BELA, rank=2)]))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield fake
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder without a configuration, an environment that names no network, and no waiting."""
    for name in ("INFRA_URL", "INFRA_TOKEN", "XDG_CONFIG_HOME", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(client, "FIRST_PAUSE_S", 0)
    return tmp_path


@pytest.fixture
def infra(api: FakeApi, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run a command line as Owen: `infra("stake", "--node", …)`; a string is split at its blanks."""
    monkeypatch.setenv("INFRA_URL", api.url)
    monkeypatch.setenv("INFRA_TOKEN", TOKEN)
    return run


def run(line: str, *more: str, typed: str | None = None) -> Result:
    return CliRunner().invoke(app, [*line.split(), *more], input=typed)


@pytest.fixture
def bare(api: FakeApi) -> Any:
    """Run a command line as somebody who is not signed in and has named no network."""
    return run


@pytest.fixture
def values() -> Any:
    """Values that tests share without importing from each other."""
    from types import SimpleNamespace

    return SimpleNamespace(ANNA=ANNA, BELA=BELA, OWEN=OWEN, TOKEN=TOKEN, node=node, wallet=wallet, page=page)
