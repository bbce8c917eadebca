"""One POST, sent again and again: one effect and one answer."""

from __future__ import annotations

import gzip
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import psycopg
import pytest
from django.db import connection, connections
from django.utils import timezone

from identity import counters, throttles
from identity.models import IdempotencyKey, Token, User
from identity.tokens import issue
from tests.callers import ANNA, BELA

AT = datetime(2026, 11, 24, tzinfo=UTC)

pytestmark = pytest.mark.usefixtures("toys")


@pytest.fixture(autouse=True)
def _fresh_counters():
    counters._store().flushdb()


@pytest.mark.django_db
class TestOneAfterTheOther:
    def test_the_first_answer_is_replayed(self, anna):
        first, again = (anna.post("toys/make", {}, key="k") for _ in range(2))
        assert (first.status_code, again.status_code) == (201, 201)
        assert first.content == again.content
        assert (first.get("Idempotency-Replayed"), again["Idempotency-Replayed"]) == (None, "true")
        assert again["Content-Type"] == "application/json"
        assert User.objects.count() == 1

    def test_another_body_is_a_conflict(self, anna):
        anna.post("toys/make", {}, key="k")
        answer = anna.post("toys/make", {"x": 1}, key="k")
        assert (answer.status_code, answer.json()["code"]) == (409, "idempotency_conflict")
        assert User.objects.count() == 1

    def test_another_key_path_or_wallet_acts_again(self, anna, api, token):
        anna.post("toys/make", {}, key="k")
        anna.post("toys/make", {}, key="K")
        api(token("0x" + "b2" * 20)).post("toys/make", {}, key="k")
        assert anna.post("toys/echo", {"amount": "1"}, key="k").status_code == 201
        assert User.objects.count() == 3

    def test_an_address_in_the_path_is_one_path_in_any_letter_case(self, anna):
        address = "5aaeb6053f3e94c9b9a09f33669435e7ef1beaed"
        paths = [f"nodes/{form}/stake" for form in (f"0x{address}", f"0X{address}", f"0x{address.upper()}")]
        for path in (*paths, "nodes/0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed/stake"):
            answer = anna.post(path, {"amount": "1"}, key="k")
            assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
            assert ("Idempotency-Replayed" in answer) == (path != paths[0])
        wrong = anna.post("nodes/0x5AAeb6053F3E94C9b9A09f33669435E7Ef1BeAed/stake", {"amount": "1"}, key="k")
        assert (wrong.status_code, wrong.json()["code"]) == (400, "address_invalid")

    def test_the_first_answer_is_replayed_under_a_new_token_and_in_a_session(
        self, anna, api, token, signed_in
    ):
        first = anna.post("toys/make", {}, key="k")
        Token.objects.update(revoked_at=AT)
        again = api(token(ANNA)).post("toys/make", {}, key="k")
        page = signed_in(ANNA).post("toys/make", {}, key="k")
        assert first.content == again.content == page.content
        assert again["Idempotency-Replayed"] == page["Idempotency-Replayed"] == "true"
        assert User.objects.exclude(address=ANNA).count() == 1

    def test_an_oracle_s_keys_are_its_own_whichever_of_its_tokens_carries_them(self, api, db):
        def oracle(address):
            return api(issue(wallet="", oracle=address, scope="oracle", now=timezone.now())[0])

        sent = {"heartbeats": []}
        first, again = (oracle(ANNA).post("oracle/heartbeats", sent, key="k") for _ in range(2))
        assert (first.status_code, first.content) == (200, again.content)
        assert again["Idempotency-Replayed"] == "true"
        assert "Idempotency-Replayed" not in oracle(BELA).post("oracle/heartbeats", sent, key="k")

    @pytest.mark.parametrize(
        ("body", "headers"),
        [
            (b'{"b": [1, 2], "a": "\xc3\xa9"}', {}),
            (b' {"a":"\xc3\xa9",\n\t"b":[1,2]}\n', {}),
            (b'{"b": [1, 2], "a": "\\u00e9"}', {}),
            (b'{"b": [1, 2], "a": "\xc3\xa9"}', {"content_type": "application/json; charset=utf-8"}),
            (b'{"b": [1, 2], "a": "\xc3\xa9"}', {"content_type": "Application/JSON;charset=UTF-8"}),
            (gzip.compress(b'{"b": [1, 2], "a": "\xc3\xa9"}', mtime=0), {"Content-Encoding": "gzip"}),
        ],
    )
    def test_the_same_value_written_otherwise_is_the_same_body(self, anna, body, headers):
        first = anna.post("toys/make", {"a": "é", "b": [1, 2]}, key="k")
        again = anna.post("toys/make", body, key="k", **headers)
        assert (again.status_code, again.content, again["Idempotency-Replayed"]) == (
            201,
            first.content,
            "true",
        )
        assert User.objects.count() == 1

    @pytest.mark.parametrize(
        "body", [b'{"a": 1.0}', b'{"a": "1"}', b'{"a": true}', b'{"a": 1, "b": null}', b"[1]", b"{"]
    )
    def test_another_value_is_another_body(self, anna, body):
        anna.post("toys/make", {"a": 1}, key="k")
        answer = anna.post("toys/make", body, key="k")
        assert (answer.status_code, answer.json()["code"]) == (409, "idempotency_conflict")

    def test_an_empty_body_is_an_empty_object(self, anna):
        first, again = anna.post("toys/make", {}, key="k"), anna.post("toys/make", b"", key="k")
        assert (again.content, again["Idempotency-Replayed"]) == (first.content, "true")

    def test_a_body_that_cannot_be_parsed_is_compared_by_its_bytes(self, anna):
        deep = b"[" * 900 + b"]" * 900
        for body in (b"{", deep, b'{"a": NaN}', b'{"a": 1, "a": 1}'):
            first, again = (anna.post("toys/make", body, key=f"k{len(body)}") for _ in range(2))
            assert (first.status_code, first.content) == (again.status_code, again.content)
            assert anna.post("toys/make", body + b" ", key=f"k{len(body)}").status_code in (400, 409)

    def test_a_token_without_the_right_leaves_the_key_to_one_that_has_it(self, api, token, anna):
        assert api(token(ANNA, "read")).post("toys/make", {}, key="k").status_code == 403
        assert anna.post("toys/make", {}, key="k").status_code == 201

    def test_without_a_key_each_acts(self, anna):
        anna.post("toys/make", {})
        anna.post("toys/make", {})
        assert User.objects.count() == 2

    def test_a_refusal_is_replayed_and_changes_nothing(self, anna):
        first, again = (anna.post("toys/make", {"refuse": True}, key="k") for _ in range(2))
        assert (first.status_code, first.json()["code"]) == (409, "delegation_cap_exceeded")
        assert (first.content, first["Content-Type"]) == (again.content, again["Content-Type"])
        assert again["Idempotency-Replayed"] == "true"
        assert User.objects.count() == 0

    def test_malformed_bodies_are_refusals_too(self, anna):
        first, again = (anna.post("toys/make", b"{", key="k") for _ in range(2))
        assert (first.status_code, first.content) == (400, again.content)

    def test_a_crash_is_not_stored_and_changes_nothing(self, api, token):
        caller = api(token(), raise_request_exception=False)
        assert caller.post("toys/make", {"crash": True}, key="k").status_code == 500
        assert (User.objects.count(), IdempotencyKey.objects.count()) == (0, 0)

    def test_who_is_not_known_keeps_no_key(self, api, token):
        assert api().post("toys/make", {}, key="k").status_code == 401
        assert api("forged").post("toys/make", {}, key="k").status_code == 401
        assert IdempotencyKey.objects.count() == 0

    def test_keys_without_a_token_are_those_of_the_place_they_are_sent_from(self, api):
        one, other = (api(REMOTE_ADDR=f"10.0.0.{number}") for number in (1, 2))
        answers = [caller.post("auth/nonce", {"address": ANNA}, key="k") for caller in (one, one, other)]
        assert [answer.status_code for answer in answers] == [200, 200, 200]
        assert answers[0].content == answers[1].content != answers[2].content
        assert one.post("auth/nonce", {"address": BELA}, key="k").status_code == 409
        assert other.post("auth/nonce", {"address": BELA}, key="l").status_code == 200

    def test_a_revoked_token_reads_no_old_answer(self, anna):
        anna.post("toys/make", {}, key="k")
        Token.objects.update(revoked_at=AT)
        assert anna.post("toys/make", {}, key="k").status_code == 401

    def test_a_throttled_answer_is_not_stored(self, anna, monkeypatch):
        monkeypatch.setitem(throttles.LIMITS, ("write", "token"), 0)
        assert anna.post("toys/make", {}, key="k").status_code == 429
        monkeypatch.setitem(throttles.LIMITS, ("write", "token"), 10)
        assert anna.post("toys/make", {}, key="k").status_code == 201

    @pytest.mark.parametrize("where", ["nowhere", "x" * 3_000, "toys/make/", "a%00b"])
    def test_nothing_is_stored_of_a_call_to_an_unknown_path(self, anna, where):
        assert anna.post(where, {}, key="k").status_code == 404
        assert IdempotencyKey.objects.count() == 0

    @pytest.mark.parametrize("key", ["", "x" * 201, "a b", "é", "a\x7f"])
    def test_a_key_has_printable_characters_and_an_end(self, anna, key):
        answer = anna.post("toys/make", {}, key=key)
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
        assert User.objects.count() == 0


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("body", [{}, {"refuse": True}])
def test_eight_at_once_have_one_effect_and_equal_answers(token, api, body):
    secret, together = token(), threading.Barrier(8)

    def send(_):
        try:
            together.wait()
            answer = api(secret).post("toys/make", body, key="k")
            return answer.status_code, answer.content, answer["Content-Type"]
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        answers = set(pool.map(send, range(8)))
    assert len(answers) == 1
    assert answers.pop()[0] == (409 if body else 201)
    assert User.objects.count() == (0 if body else 1)


@pytest.mark.django_db(transaction=True)
def test_who_waits_too_long_for_the_first_may_try_again(anna):
    """The first of two holds the key in a transaction that does not end."""
    with psycopg.connect(connection_url()) as other:
        other.execute(
            "INSERT INTO identity_idempotencykey (caller, path, key, body_digest, body) VALUES (%s, %s, 'k', 'x', '')",
            [f"wallet:{ANNA}", "/api/v1/toys/make"],
        )
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '50ms'")
        try:
            answer = anna.post("toys/make", {}, key="k")
        finally:
            connection.close()
        other.rollback()
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert int(answer["Retry-After"]) > 0
    assert anna.post("toys/make", {}, key="k").status_code == 201


def connection_url():
    """This test's database, for a connection beside Django's."""
    parts = connection.settings_dict
    names = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}
    parameters = {name: parts[key] or parts["OPTIONS"].get(name) for name, key in names.items()}
    return psycopg.conninfo.make_conninfo(**{name: text for name, text in parameters.items() if text})


@pytest.mark.django_db(transaction=True)
def test_of_two_bodies_at_once_one_acts(token, api):
    secret, together = token(), threading.Barrier(8)

    def send(number):
        try:
            together.wait()
            return api(secret).post("toys/make", {"n": number % 2}, key="k").status_code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(send, range(8))) == [201] * 4 + [409] * 4
    assert User.objects.count() == 1
