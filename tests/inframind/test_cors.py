"""Requests from pages of other origins."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from tests.callers import ANNA

OTHER = {"HTTP_ORIGIN": "https://dashboard.example"}
ALLOW = "Access-Control-Allow-Origin"
PUBLIC = [
    "/api/v1/nodes", "/api/v1/epochs?limit=1", "/api/v1/parameters", "/api/v1/schema/",
    "/api/v1/scheduler/nodes?job_class=cpu",
    f"/api/v1/wallets/{ANNA}", "/feed.atom", f"/wallets/{ANNA}/calendar.ics", "/governance/calendar.ics",
]  # fmt: skip
PRIVATE = [
    "/api/v1/me",
    "/api/v1/oracle/receipts",
    "/",
    "/portfolio/",
    "/admin/",
    "/healthz",
    "/metrics",
    "/static/x",
]

pytestmark = pytest.mark.django_db


def preflight(path: str, method: str, **headers: str) -> Any:
    preflight = {"HTTP_ACCESS_CONTROL_REQUEST_METHOD": method, **headers}
    return Client().options(path, **OTHER, **preflight)


@pytest.mark.parametrize("path", PUBLIC)
def test_a_public_read_answers_any_origin(path: str) -> None:
    answer = Client().get(path, **OTHER)
    assert (answer.status_code, answer[ALLOW]) == (200, "*")
    assert "Access-Control-Allow-Credentials" not in answer
    assert answer["Access-Control-Expose-Headers"] == "etag, retry-after, x-request-id"


def test_a_refusal_of_a_public_read_can_be_read_too() -> None:
    for path, status in (
        ("/api/v1/nodes?tier=abc", 400),
        ("/api/v1/nodes/0x" + "1" * 40, 404),
        ("/api/v1/x", 404),
    ):
        answer = Client().get(path, **OTHER)
        assert (answer.status_code, answer[ALLOW]) == (status, "*")


def test_a_read_without_an_origin_is_answered_as_before() -> None:
    assert ALLOW not in Client().get("/api/v1/nodes")


@pytest.mark.parametrize("path", PUBLIC)
def test_the_preflight_of_a_public_read_is_answered(path: str) -> None:
    answer = preflight(path, "GET", HTTP_ACCESS_CONTROL_REQUEST_HEADERS="content-type")
    assert (answer.status_code, answer[ALLOW]) == (200, "*")
    assert answer["Access-Control-Allow-Methods"] == "GET, HEAD, OPTIONS"
    assert answer["Access-Control-Allow-Headers"] == "accept, content-type, if-none-match"


@pytest.mark.parametrize("path", PRIVATE)
def test_nothing_else_answers_other_origins(path: str) -> None:
    assert ALLOW not in Client().get(path, **OTHER)
    assert ALLOW not in preflight(path, "GET")


@pytest.mark.parametrize("method", ["POST", "PATCH", "PUT", "DELETE"])
def test_no_write_answers_other_origins(method: str) -> None:
    for path in ("/api/v1/nodes", "/api/v1/auth/nonce", "/api/v1/auth/verify"):
        assert ALLOW not in preflight(path, method)
        assert ALLOW not in Client().generic(method, path, "{}", content_type="application/json", **OTHER)


def test_a_read_with_a_token_or_a_session_answers_no_other_origin(token: Any, signed_in: Any) -> None:
    with_token = Client().get("/api/v1/nodes", **OTHER, HTTP_AUTHORIZATION=f"Bearer {token()}")
    with_session = signed_in(ANNA).client.get("/api/v1/nodes", **OTHER)
    for answer in (with_token, with_session):
        assert (answer.status_code, ALLOW in answer) == (200, False)
    allowed = preflight("/api/v1/nodes", "GET", HTTP_ACCESS_CONTROL_REQUEST_HEADERS="authorization")
    assert "authorization" not in allowed["Access-Control-Allow-Headers"]
