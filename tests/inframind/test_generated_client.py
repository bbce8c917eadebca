"""The client that openapi-python-client generates from the document calls every read of the API."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from datetime import UTC, datetime

import httpx
import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections

from identity.tokens import issue
from inframind import api_docs
from tests.governance import scenario

PACKAGE = "generated_inframind_client"


@pytest.fixture
def generated(db, tmp_path, monkeypatch):
    """A function that imports a module of the generated package."""
    (tmp_path / "openapi.json").write_bytes(api_docs.document())
    # The generator knows no gzip: it reads such a file as bytes.
    overrides = "content_type_overrides:\n  application/gzip: application/octet-stream\n"
    (tmp_path / "config.yml").write_text(f"post_hooks: []\n{overrides}")
    command = [
        sys.executable, "-m", "openapi_python_client", "generate", "--meta", "none", "--fail-on-warning",
        "--path", tmp_path / "openapi.json", "--config", tmp_path / "config.yml",
        "--output-path", tmp_path / PACKAGE,
    ]  # fmt: skip
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    monkeypatch.syspath_prepend(tmp_path)
    yield lambda name: importlib.import_module(f"{PACKAGE}.{name}")
    for name in [name for name in sys.modules if name.split(".")[0] == PACKAGE]:
        del sys.modules[name]


@pytest.fixture
def site():
    """The site inside this test's transaction, as httpx calls it."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield httpx.WSGITransport(app=WSGIHandler())
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def test_the_generated_client_calls_every_read(generated, site, case):
    secret, _ = issue(wallet=scenario.OLGA, scope="read", now=datetime.now(UTC))
    client = generated("client").Client(base_url="http://testserver", raise_on_unexpected_status=True)
    rights = {"Authorization": f"Bearer {secret}"}
    client.set_httpx_client(httpx.Client(base_url="http://testserver", transport=site, headers=rights))
    problem = generated("models").Problem
    values = {**case, "amount": "1000", "job_class": generated("models").SchedulerNodesJobClass.CPU}
    called = []
    for tag, operation in reads():
        function = generated(f"api.{tag}.{operation['operationId']}").sync_detailed
        names = [one["name"] for one in operation.get("parameters", ()) if one.get("required")]
        numbers = {"number": case["ranking"]} if operation["operationId"] == "rankings_read" else {}
        answer = function(**{name: (values | numbers)[name] for name in names}, client=client)
        assert answer.status_code == 200, (operation["operationId"], answer.content)
        assert answer.parsed is not None, operation["operationId"]
        assert not isinstance(answer.parsed, problem), operation["operationId"]
        called.append(operation["operationId"])
    assert len(called) >= 30


def reads():
    """The tag and the operation of each GET."""
    document = json.loads(api_docs.document())
    for methods in document["paths"].values():
        if "get" in methods:
            yield methods["get"]["tags"][0].replace("-", "_").replace(" ", "_"), methods["get"]
