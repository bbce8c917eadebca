"""Common behaviour of all endpoints: bodies, refusals, pages."""

from __future__ import annotations

import gzip
import json

import pytest

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("toys")]

LONE_SURROGATE = b'{"amount": "1", "name": "\\ud800"}'


def problem(answer):
    assert answer["Content-Type"] == "application/problem+json"
    problem = answer.json()
    assert {"type", "title", "status", "code", "detail"} <= set(problem)
    assert problem["status"] == answer.status_code
    return answer.status_code, problem["code"]


def test_a_body_is_understood_exactly(anna):
    sent = {
        "amount": "2000.5", "to": "0x" + "B2" * 20, "count": 3, "flag": True,
        "name": "a b", "at": "2026-11-24T13:00:00+01:00", "things": {"gpu": "H100"},
    }  # fmt: skip
    answer = anna.post("toys/echo", sent)
    assert answer.status_code == 201
    assert answer.json() == {
        **sent, "amount": "2000.500000", "to": "0xb2b2b2b2b2B2b2B2B2b2b2B2B2b2B2B2b2b2b2b2",
        "at": "2026-11-24T12:00:00Z", "caller": "0x" + "a1" * 20,
    }  # fmt: skip


@pytest.mark.parametrize(
    "amount",
    ["", "-1", "+1", "1e3", "NaN", "Infinity",
     "1.0000001", "1_000", " 1", "1,5", "١٢", "9" * 10_000, 5, 1.5, None,
     True, [], {}, str(2**63)],
)  # fmt: skip
def test_a_wrong_amount_is_refused(anna, amount):
    assert problem(anna.post("toys/echo", {"amount": amount})) == (400, "amount_invalid")


@pytest.mark.parametrize(
    ("field", "value"),
    [("count", "1"), ("count", 1.0), ("count", True), ("count", 2**63),
     ("flag", "true"), ("flag", 1), ("flag", None),
     ("name", 5), ("name", "toolong"), ("name", "a\0b"), ("at", "2026-11-24"), ("at", "2026-11-24T12:00:00"),
     ("at", 1), ("at", "9999-12-31T23:59:59-23:59"), ("things", []), ("things", "x")],
)  # fmt: skip
def test_a_value_of_another_type_is_not_guessed_at(anna, field, value):
    answer = anna.post("toys/echo", {"amount": "1", field: value})
    assert problem(answer) == (400, "invalid")


def test_the_code_is_that_of_the_first_field_that_failed(anna):
    answer = anna.post("toys/echo", {"amount": "x", "to": "0x1", "count": "1"})
    assert problem(answer) == (400, "amount_invalid")
    assert [(error["field"], error["code"]) for error in answer.json()["errors"]] == [
        ("amount", "amount_invalid"), ("to", "address_invalid"), ("count", "invalid"),
    ]  # fmt: skip


def test_a_missing_field_is_invalid_and_named(anna):
    answer = anna.post("toys/echo", {"to": "0x1"})
    assert problem(answer) == (400, "invalid")
    assert answer.json()["errors"][0]["field"] == "amount"


@pytest.mark.parametrize(
    "raw",
    [b"{", b"", b"\xff", b"[" * 100_000, b'{"amount":' * 2_000, b'{"amount": NaN}', b'{"a": 1e999}', b"[]",
     b"1",
     b'{"amount": "1", "amount": "2"}', LONE_SURROGATE, b'{"amount": "1", "things": {"a": ["\\u0000"]}}',
     b"9" * 9_999],
)  # fmt: skip
def test_what_is_no_plain_json_object_is_refused(anna, raw):
    assert problem(anna.post("toys/echo", raw)) == (400, "invalid")


def test_escapes_of_whole_characters_are_fine(anna):
    assert anna.post("toys/echo", b'{"amount": "1", "name": "\\ud83d\\ude00"}').json()["name"] == "😀"


def test_another_media_type_is_refused(anna):
    answer = anna.send("POST", "toys/echo", b"amount=1", content_type="application/x-www-form-urlencoded")
    assert problem(answer) == (415, "unsupported_media_type")


def test_a_body_above_the_limit_is_refused(anna, api):
    junk = b"x" * 10_000_000
    assert problem(anna.post("toys/echo", junk)) == (413, "too_large")
    assert problem(api().send("PATCH", "toys/echo", junk)) == (413, "too_large")


def test_gzip_is_undone_within_the_limit(anna):
    packed = {"Content-Encoding": "gzip"}
    good = gzip.compress(json.dumps({"amount": "1"}).encode())
    assert anna.post("toys/echo", good, **packed).status_code == 201
    assert problem(anna.post("toys/echo", gzip.compress(b"0" * 50_000_000), **packed)) == (413, "too_large")
    assert problem(anna.post("toys/echo", good[:-4], **packed)) == (400, "invalid")
    assert problem(anna.post("toys/echo", b"plain", **packed)) == (400, "invalid")
    assert problem(anna.post("toys/echo", good, **{"Content-Encoding": "br"})) == (
        415,
        "unsupported_media_type",
    )


def test_a_method_that_is_not_there(anna):
    answer = anna.send("DELETE", "toys/echo")
    assert problem(answer) == (405, "method_not_allowed")
    assert "POST" in answer["Allow"]


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
@pytest.mark.parametrize(
    "where", ["nowhere", "nodes/0x1/nothing", "", "x" * 3_000, "%00", "toys/echo/", "/api/v2"]
)
def test_an_unknown_path_is_not_found(anna, method, where):
    assert problem(anna.send(method, where)) == (404, "not_found")


def test_a_host_that_is_not_ours(api):
    assert problem(api(SERVER_NAME="evil.example").get("toys/echo")) == (400, "invalid")


def test_a_crash_tells_nothing(token, api):
    caller = api(token(), raise_request_exception=False)
    answer = caller.post("toys/make", {"crash": True})
    assert problem(answer) == (500, "internal")
    assert b"secret" not in answer.content


def test_the_api_answers_json_whatever_the_client_accepts(api):
    answer = api().client.get("/api/v1/toys/echo?format=xml", headers={"Accept": "text/html"})
    assert answer["Content-Type"] == "application/json"


def test_pages_lead_to_the_end(api):
    first = api().get("toys/echo", limit=3, x="ä&").json()
    assert first["results"] == [0, 1, 2]
    assert first["next"] == "http://testserver/api/v1/toys/echo?limit=3&x=%C3%A4%26&cursor=2"
    second = api().client.get(first["next"]).json()
    third = api().client.get(second["next"]).json()
    assert (second["results"], third) == ([3, 4, 5], {"results": [6], "next": None})


@pytest.mark.parametrize("limit", ["0", "201", "-1", "x", "", "1.0", "١", "9" * 30])
def test_a_wrong_limit_is_refused(api, limit):
    assert problem(api().get("toys/echo", limit=limit)) == (400, "invalid")


@pytest.mark.parametrize("offset", ["-1", "x", "9" * 12])
def test_a_wrong_offset_is_refused(api, offset):
    assert problem(api().get("toys/echo", offset=offset)) == (400, "invalid")


@pytest.mark.parametrize("cursor", ["", "x", "-1", "1.2", ".", "١", "9" * 20, "1\n"])
def test_a_wrong_cursor_is_refused(api, cursor):
    assert problem(api().get("toys/echo", cursor=cursor)) == (400, "invalid")


def test_a_page_begins_at_a_cursor_or_at_an_offset(api):
    assert api().get("toys/echo", offset=5).json()["results"] == [5, 6]
    assert api().get("toys/echo", cursor=5).json()["results"] == [6]
    assert problem(api().get("toys/echo", cursor=5, offset=5)) == (400, "invalid")
