"""Every endpoint of the API, called by everybody without permission: nothing changes."""

from __future__ import annotations

import json
import re

import pytest
from django.db import connection
from django.test import Client
from django.urls import URLResolver, get_resolver

from identity.models import User
from inframind import api_docs
from tests.governance import scenario

STRANGER = "0x" + "5e" * 20
OPEN_POSTS = ("/auth/", "/scheduler/")
TABLES = """
SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND table_name ~
'^(ledger|staking|delegation|governance)_' AND table_type = 'BASE TABLE' ORDER BY table_name
"""


def endpoints(*methods):
    paths = json.loads(api_docs.document())["paths"]
    return [
        (method.upper(), path)
        for path, operations in paths.items()
        for method in operations
        if method in methods
    ]


def books():
    """Return a hash of the rows of every table of the protocol."""
    counts = {}
    with connection.cursor() as cursor:
        cursor.execute(TABLES)
        for (table,) in cursor.fetchall():
            cursor.execute(
                f"SELECT md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM \"{table}\" t"
            )
            counts[table] = cursor.fetchone()[0]
    return counts


def call(caller, method, path, case, body=None):
    return caller.send(method, path.format(**case), body if body is not None else {})


def writing():
    return [
        endpoint
        for endpoint in endpoints("post", "patch")
        if not any(part in endpoint[1] for part in OPEN_POSTS)
    ]


def test_nobody_writes_without_a_token(api, case):
    before = books()
    for method, path in writing():
        answer = call(api(), method, path, case)
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated"), path
    assert books() == before


@pytest.mark.parametrize("scope", ["read", "oracle"])
def test_a_wallet_s_endpoints_require_a_wallet_that_may_write(api, token, case, scope):
    caller, before = api(token(scenario.NILS, scope)), books()
    for method, path in writing():
        if "/oracle/" not in path:
            answer = call(caller, method, path, case)
            assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied"), path
    assert books() == before


@pytest.mark.parametrize("scope", ["read", "write"])
def test_the_oracle_s_endpoints_require_an_oracle(api, token, case, scope):
    caller, before = api(token(scenario.NILS, scope)), books()
    for method, path in writing():
        if "/oracle/" in path:
            answer = call(caller, method, path, case)
            assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied"), path
    assert books() == before


def test_an_unsupported_method_answers_the_same_to_everybody(api, token, case):
    paths = {path for _, path in endpoints("get", "post", "patch")}
    for caller in (api(), api(token(scenario.NILS, "read"))):
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
            for path in paths - {path for _, path in endpoints(method.lower())}:
                answer = call(caller, method, path, case)
                assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed"), path
                assert method not in answer.headers["Allow"]


BODY = {
    "amount": "1", "to": scenario.SLASHED, "choice": "uphold", "reason": "mine", "text": "mine", "title": "Mine",
    "changes": {"quorum_bps": 400}, "name": "Mine", "status": "retired", "region": "eu-west",
}  # fmt: skip


def test_a_stranger_gets_nowhere(api, token, case):
    """With a body that is valid for a caller with permission."""
    caller, before = api(token(STRANGER)), books()
    for method, path in writing():
        # Anybody with a wallet may register a node, and preview what a proposal would do.
        if "/oracle/" in path or path.endswith(("/nodes", "/preview")):
            continue
        answer = call(caller, method, path, case, BODY)
        assert 400 <= answer.status_code < 500, (path, answer.content)
        assert answer.json()["code"] != "internal"
        assert books() == before, path


@pytest.mark.parametrize(
    ("where", "code", "status"),
    [
        ("unbondings/{unbonding}/cancel", "not_found", 404),
        ("unbondings/{unbonding}/withdraw", "not_found", 404),
        ("nodes/{address}/stake", "not_operator", 403),
        ("nodes/{address}/unstake", "not_operator", 403),
        ("slashes/{slash}/dispute", "not_operator", 403),
        ("disputes/{dispute}/vote", "no_voting_power", 403),
        ("proposals/{proposal}/vote", "no_voting_power", 403),
        ("proposals", "no_voting_power", 403),
        ("nodes/{address}/delegate", "insufficient_balance", 409),
    ],
)
def test_an_anonymous_caller_s_refusals(api, token, case, where, code, status):
    body = {**BODY, "choice": "for"} if "proposals" in where else BODY
    answer = call(api(token(STRANGER)), "POST", where, case, body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_what_is_somebody_else_s_looks_like_what_is_not_there(api, token, case):
    caller = api(token(STRANGER))
    for action in ("cancel", "withdraw"):
        theirs = caller.post(f"unbondings/{case['unbonding']}/{action}", {}).json()
        nobodys = caller.post("unbondings/999999/" + action, {}).json()
        assert {**theirs, "detail": ""} == {**nobodys, "detail": ""}


def test_a_session_writes_under_its_csrf_token_alone(case):
    client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.create(address=scenario.ANN))
    before = books()
    for method, path in writing():
        answer = client.generic(method, path.format(**case), b"{}", content_type="application/json")
        assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied"), path
    assert books() == before


def test_reading_is_public_and_changes_nothing(api, token, case):
    before = books()
    for caller in (api(), api(token(scenario.ANN, "read"))):
        for method, path in endpoints("get"):
            if path.endswith("/me"):
                continue
            queries = {"/api/v1/scheduler/nodes": "?job_class=cpu", "/api/v1/plan": "?amount=100"}
            query = queries.get(path, "")
            answer = call(caller, method, path + query, case, b"")
            assert answer.status_code in (200, 404), (path, answer.content)
    assert books() == before


def pages(case):
    """Every address outside the API and the admin, out of the URL map, filled with what there is."""
    known = {**case, "role": "delegator", "form": "stake", "kind": "x", "code": "x"}

    def walk(patterns, prefix):
        for pattern in patterns:
            where = prefix + str(pattern.pattern)
            if isinstance(pattern, URLResolver):
                yield from walk(pattern.url_patterns, where)
            else:
                yield "/" + re.sub(r"<(?:(\w+):)?(\w+)>", lambda match: str(known.get(match[2], 1)), where)

    return [
        where for where in walk(get_resolver().url_patterns, "") if not where.startswith(("/api/", "/admin/"))
    ]


def test_no_page_takes_a_post_without_the_csrf_token(case):
    client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.create(address=scenario.ANN))
    # The choice of a theme is a cookie of the reader's own browser and nothing else.
    before, paths = books(), [where for where in pages(case) if where != "/theme/"]
    assert len(paths) > 20
    for where in paths:
        for headers in ({}, {"Origin": "https://evil.example"}, {"X-CSRFToken": "x" * 32}):
            answer = client.post(where, {"amount": "1", "choice": "uphold"}, headers=headers)
            assert answer.status_code in (403, 404, 405), (where, answer.status_code)
    assert books() == before


def test_pages_change_nothing_when_they_are_read(case):
    before = books()
    for wallet in (scenario.ANN, scenario.OLGA, None):
        client = Client()
        if wallet:
            client.force_login(User.objects.create(address=wallet))
        for where in pages(case):
            if where != "/readyz":
                assert client.get(where).status_code < 500, where
    assert books() == before
