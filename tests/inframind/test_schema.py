"""The API's description of itself."""

from __future__ import annotations

import json
import re

import pytest
from django.contrib.staticfiles import finders
from drf_spectacular.validation import validate_schema

from inframind import api_docs
from protocol.errors import ERRORS

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def document():
    return json.loads(api_docs.document())


def operations(document):
    return [
        (method, path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]


def test_it_is_openapi_3_1_and_valid(document):
    assert document["openapi"].startswith("3.1")
    validate_schema(document)


def test_it_is_made_without_a_doubt(capsys):
    api_docs.document.__wrapped__()
    assert capsys.readouterr().err == ""


def test_each_operation_has_its_own_name_words_and_refusals(document):
    listed = operations(document)
    names = [operation["operationId"] for _, _, operation in listed]
    assert sorted(set(names)) == sorted(names)
    for method, path, operation in listed:
        assert operation.get("description"), (method, path)
        assert any(status.startswith("2") for status in operation["responses"]), (method, path)
        assert {"400", "404", "429"} <= set(operation["responses"]), (method, path)
        if method == "get":
            assert "304" in operation["responses"], (method, path)
        else:
            assert {"401", "409", "413", "415"} <= set(operation["responses"]), (method, path)


def test_each_code_stands_with_its_status(document):
    for code, kind in ERRORS.items():
        if kind.status == 405:
            continue  # No operation of the document can be called by a wrong method.
        response = document["components"]["responses"][f"Refused{kind.status}"]
        example = response["content"]["application/problem+json"]["examples"][code]["value"]
        assert (example["code"], example["status"]) == (code, kind.status)


def test_writing_needs_a_token_and_takes_a_key(document):
    for method, path, operation in operations(document):
        if method == "post":
            assert "Idempotency-Key" in [parameter["name"] for parameter in operation["parameters"]]
        if method in ("post", "patch") and "/auth/" not in path and "/scheduler/" not in path:
            assert operation["security"] == [{"token": []}], path
    assert document["components"]["securitySchemes"]["token"]["scheme"] == "bearer"


def test_it_is_served_and_not_sent_twice(client):
    answer = client.get("/api/v1/schema/")
    assert json.loads(answer.content) == json.loads(api_docs.document())
    assert answer["Cache-Control"] == "no-cache"
    again = client.get("/api/v1/schema/", headers={"If-None-Match": answer["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_it_is_only_read(client, method):
    assert getattr(client, method)("/api/v1/schema/").status_code == 405


def test_the_docs_load_nothing_from_elsewhere(client):
    for where in ("/api/v1/docs/try/", "/api/v1/docs/try/?script="):
        answer = client.get(where)
        assert answer.status_code == 200
        assert not re.search(rb"""(?:src|href)=["'](?:https?:)?//""", answer.content)
    page = client.get("/api/v1/docs/try/")
    scripts = re.findall(rb"<script[^>]*>", page.content)
    assert scripts
    assert all(b"src=" in script for script in scripts)
    assert "script-src 'self';" in page["Content-Security-Policy"] + ";"
    assert finders.find("drf_spectacular_sidecar/swagger-ui-dist/swagger-ui-bundle.js")


def test_each_refusal_has_a_page_of_its_own(client):
    for code, kind in ERRORS.items():
        answer = client.get(f"/api/v1/problems/{code}").json()
        assert answer == {"code": code, "status": kind.status, "sentence": kind.sentence}
    assert len(client.get("/api/v1/problems").json()["results"]) == len(ERRORS)
    assert client.get("/api/v1/problems/nonsense").status_code == 404


def test_a_read_is_conditional(api, token, settings):
    settings.ROOT_URLCONF = "tests.web.toys"
    first = api().get("toys/echo")
    assert (first["Cache-Control"], first["Vary"]) == ("no-cache", "Cookie, Authorization, origin")
    same, other = ({"If-None-Match": tag} for tag in (first["ETag"], '"other"'))
    assert api().client.get("/api/v1/toys/echo", headers=same).status_code == 304
    assert api().client.get("/api/v1/toys/echo", headers=other).status_code == 200
    assert api().client.get("/api/v1/toys/echo?limit=3", headers=same).status_code == 200
    assert api(token()).get("toys/own")["Cache-Control"] == "no-cache, private"
    assert not api().get("toys/own").has_header("ETag")
