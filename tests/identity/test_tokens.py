"""Permissions and rate limits of each kind of caller."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import pytest
import redis
import time_machine
from django.core.management import CommandError, call_command
from django.test import Client

from identity import counters, throttles
from identity.models import Token, User
from identity.origin import origin
from identity.tokens import PREFIX, digest_of, find, issue, revoke
from protocol.errors import Invalid, NotFound

ANNA, BELA = "0x" + "a1" * 20, "0x" + "b2" * 20
AT = datetime(2026, 11, 24, 12, tzinfo=UTC)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("toys")]


@pytest.fixture(autouse=True)
def _fresh_counters():
    counters._store().flushdb()


def answer_of(answer):
    return answer.status_code, answer.json().get("code")


@pytest.mark.parametrize(
    ("scope", "write", "own", "report"),
    [
        (None, (401, "unauthenticated"), (401, "unauthenticated"), (401, "unauthenticated")),
        ("read", (403, "permission_denied"), (200, None), (403, "permission_denied")),
        ("write", (201, None), (200, None), (403, "permission_denied")),
        ("oracle", (403, "permission_denied"), (403, "permission_denied"), (200, None)),
    ],
)
def test_a_token_does_what_its_scope_allows(api, token, scope, write, own, report):
    caller = api(token(scope=scope) if scope else None)
    assert answer_of(caller.post("toys/echo", {"amount": "1"})) == write
    assert answer_of(caller.get("toys/own")) == own
    assert answer_of(caller.post("toys/reports", {})) == report
    assert caller.get("toys/echo").status_code == 200


@pytest.mark.parametrize("changed", [{"expired": True}, {"revoked_at": AT}, {"digest": "0" * 64}])
def test_a_token_that_is_none_any_more(api, token, changed):
    caller = api(token(**changed))
    posted = caller.post("toys/echo", {"amount": "1"})
    for answer in (caller.get("toys/echo"), caller.get("toys/own"), posted):
        assert answer_of(answer) == (401, "unauthenticated")
        assert answer["WWW-Authenticate"] == "Bearer"


def test_a_wallet_that_is_shut_out_has_no_token_that_works(api, token):
    caller, other = api(token(ANNA)), api(token(BELA))
    User.objects.create(address=ANNA, is_active=False)
    assert answer_of(caller.get("toys/own")) == (401, "unauthenticated")
    assert other.get("toys/own").status_code == 200


@pytest.mark.parametrize("forged", ["", "x", PREFIX + "a" * 43, PREFIX + "é" * 30, "'; DROP TABLE x"])
def test_a_forged_token_is_refused(forged):
    answer = Client().get("/api/v1/toys/own", headers={"Authorization": f"Bearer {forged}"})
    assert answer_of(answer) == (401, "unauthenticated")


def test_only_the_hash_is_stored(token):
    secret = token()
    row = Token.objects.get()
    assert row.digest == digest_of(secret)
    assert secret not in str(row.__dict__)
    assert secret.startswith(row.hint)


def test_a_token_is_seen_but_not_written_at_each_call(api, token, django_assert_num_queries):
    caller = api(token())
    caller.get("toys/own")
    assert Token.objects.get().last_used_at is not None
    with django_assert_num_queries(1):
        caller.get("toys/own")


def test_a_wallet_revokes_its_own_tokens_only(token):
    token(ANNA)
    number = Token.objects.get().id
    with pytest.raises(NotFound):
        revoke(token=number, wallet=BELA, now=AT)
    with pytest.raises(NotFound):
        revoke(token=number, wallet="", now=AT)
    revoke(token=number, wallet=ANNA, now=AT)
    with pytest.raises(NotFound):
        revoke(token=number, wallet=ANNA, now=AT)


def test_tokens_of_a_wallet_are_bounded(monkeypatch):
    monkeypatch.setattr("identity.tokens.MAX_TOKENS", 2)
    issue(wallet=ANNA, scope="write", now=AT)
    issue(wallet=ANNA, scope="write", now=AT)
    with pytest.raises(Invalid):
        issue(wallet=ANNA, scope="write", now=AT)
    issue(wallet=BELA, scope="write", now=AT)


def test_the_command_prints_a_token_and_nothing_else():
    made = (([], "write", ANNA), (["--oracle"], "oracle", ""), (["--read"], "read", ANNA))
    for flags, scope, wallet in made:
        output = io.StringIO()
        call_command("token", ANNA.upper().replace("0X", "0x"), *flags, stdout=output)
        rights = find(output.getvalue().removesuffix("\n"))
        assert (rights.scope, rights.wallet) == (scope, wallet)


def test_the_command_refuses_a_wrong_address():
    with pytest.raises(CommandError, match="40 hex"):
        call_command("token", "0x123")


@pytest.mark.parametrize("days", ["0", "-1", "367", "99999999999", "a"])
def test_the_command_refuses_a_lifetime_out_of_bounds(days: str) -> None:
    with pytest.raises(CommandError, match="--days"):
        call_command("token", ANNA, "--days", days)
    assert not Token.objects.exists()


def test_the_command_makes_a_token_for_a_leap_year() -> None:
    call_command("token", ANNA, "--days", "366")
    made = Token.objects.get()
    assert (made.expires_at - made.created_at).days == 366


def test_a_page_s_own_fetch_needs_the_csrf_token():
    client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.create(address=ANNA))
    body = {"data": {"amount": "1"}, "content_type": "application/json"}
    assert answer_of(client.post("/api/v1/toys/echo", **body)) == (403, "permission_denied")
    client.cookies["csrftoken"] = secret = "x" * 32
    answer = client.post("/api/v1/toys/echo", **body, headers={"X-CSRFToken": secret})
    assert (answer.status_code, answer.json()["caller"]) == (201, ANNA)
    foreign = {"X-CSRFToken": secret, "Origin": "https://evil.example"}
    assert answer_of(client.post("/api/v1/toys/echo", **body, headers=foreign)) == (403, "permission_denied")


def test_a_throttled_caller_learns_when_to_retry(api, token, monkeypatch):
    monkeypatch.setitem(throttles.LIMITS, ("write", "token"), 2)
    anna, bela = api(token(ANNA)), api(token(BELA))
    with time_machine.travel(datetime(2026, 11, 24, 12, 0, 50, tzinfo=UTC), tick=False):
        assert [anna.post("toys/echo", {"amount": "1"}).status_code for _ in range(3)] == [201, 201, 429]
        answer = anna.post("toys/echo", {"amount": "1"})
        assert answer_of(answer) == (429, "rate_limited")
        assert 10 <= int(answer["Retry-After"]) <= 11
        assert bela.post("toys/echo", {"amount": "1"}).status_code == 201
        assert anna.get("toys/echo").status_code == 200
    with time_machine.travel(datetime(2026, 11, 24, 12, 1, 1, tzinfo=UTC), tick=False):
        assert anna.post("toys/echo", {"amount": "1"}).status_code == 201


def test_an_address_is_counted_over_all_its_tokens(api, token, monkeypatch):
    monkeypatch.setitem(throttles.LIMITS, ("write", "address"), 2)
    callers = [api(token(wallet)) for wallet in (ANNA, BELA, ANNA)]
    with time_machine.travel(datetime.now(UTC), tick=False):
        tried = [one.post("toys/echo", {"amount": "1"}).status_code for one in callers]
    assert tried == [201, 201, 429]


def test_the_limits_can_be_lifted(api, monkeypatch, settings):
    monkeypatch.setitem(throttles.LIMITS, ("read", "address"), 0)
    assert api().get("toys/echo").status_code == 429
    settings.INFRAMIND_RATE_LIMITS = False
    assert api().get("toys/echo").status_code == 200


def test_without_valkey_nobody_is_stopped(api, monkeypatch):
    monkeypatch.setitem(throttles.LIMITS, ("read", "address"), 0)
    monkeypatch.setattr(counters, "_store", lambda: redis.Redis.from_url("redis://127.0.0.1:1/0"))
    assert api().get("toys/echo").status_code == 200


def test_without_valkey_nobody_signs_in(api, client, monkeypatch):
    """Passwords and signatures could otherwise be tried without limit."""
    monkeypatch.setattr(counters, "_store", lambda: redis.Redis.from_url("redis://127.0.0.1:1/0"))
    refused = api().post("auth/nonce", {"address": ANNA})
    assert (*answer_of(refused), refused["Retry-After"]) == (429, "rate_limited", "60")
    assert client.post("/signin/", {"message": "", "signature": ""}).status_code == 429
    assert client.post("/admin/login/", {"username": ANNA, "password": "x"}).status_code == 429


@pytest.mark.parametrize(
    ("proxies", "header", "address"),
    [
        (0, "9.9.9.9", "127.0.0.1"),
        (1, "9.9.9.9, 8.8.8.8", "8.8.8.8"),
        (2, "9.9.9.9, 8.8.8.8, 7.7.7.7", "8.8.8.8"),
        (2, "7.7.7.7", "7.7.7.7"),
        (1, " , ", "127.0.0.1"),
    ],
)
def test_only_our_own_proxies_are_believed(rf, settings, proxies, header, address):
    settings.INFRAMIND_PROXIES = proxies
    assert origin(rf.get("/", headers={"X-Forwarded-For": header})) == address
