"""The pages of the API reference: everything that the OpenAPI document has, in the site's own pages."""

from __future__ import annotations

import json

import pytest
from django.test import Client
from django.urls import reverse

from inframind.api_reference import groups, kind_of
from inframind.openapi_document import document

pytestmark = pytest.mark.django_db


def test_every_endpoint_is_on_exactly_one_page() -> None:
    paths = json.loads(document())["paths"]
    written = sorted((one.path, one.method.lower()) for group in groups() for one in group.operations)
    assert written == sorted(
        (path, method) for path, methods in paths.items() for method in methods if method != "parameters"
    )


def test_the_index_leads_to_every_group_and_endpoint(client: Client) -> None:
    page = client.get("/api/v1/docs/").content.decode()
    for group in groups():
        for one in group.operations:
            assert f'href="{reverse("api-group", args=[group.slug])}#{one.id}"' in page


def test_a_group_shows_parameters_fields_and_refusals_under_the_strict_policy(client: Client) -> None:
    answer = client.get("/api/v1/docs/delegation/")
    page = answer.content.decode()
    assert "unsafe" not in answer["Content-Security-Policy"]
    assert "Idempotency-Key" in page
    assert "<code>amount</code>" in page
    assert "amount_too_small" in page
    assert "Token needed" in page
    assert "style=" not in page


def test_an_unknown_group_is_not_found(client: Client) -> None:
    assert client.get("/api/v1/docs/nothing/").status_code == 404


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "string"}, "string"),
        ({"type": ["integer", "null"]}, "integer or null"),
        ({"$ref": "#/components/schemas/NodeRequest"}, "Node"),
        ({"type": "array", "items": {"$ref": "#/components/schemas/Node"}}, "list of Node"),
        ({"enum": ["read", "write", None], "type": "string"}, "one of read, write, null"),
        ({"oneOf": [{"const": "all"}, {"type": "string"}]}, '"all" or string'),
        ({}, "any"),
    ],
)
def test_types_are_written_in_words(schema: dict[str, object], words: str) -> None:
    assert kind_of(schema) == words


def test_only_endpoints_that_act_for_somebody_need_a_token() -> None:
    needed = {one.id: one.needs_token for group in groups() for one in group.operations}
    assert not needed["nodes_list"]
    assert needed["nodes_delegate"]
