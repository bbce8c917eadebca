"""Answers that the OpenAPI document does not describe are recognised."""

from __future__ import annotations

import json

import pytest
from django.http import HttpResponse, JsonResponse
from django.test import RequestFactory
from openapi_spec_validator import OpenAPIV31SpecValidator

from inframind import api_docs
from tests.answer_validation import faults_of

pytestmark = pytest.mark.django_db
ACCOUNT = RequestFactory().get("/api/v1/ledger/accounts/reward_pool")


def test_the_document_is_valid_for_a_second_validator():
    document = json.loads(api_docs.document())
    assert [error.message for error in OpenAPIV31SpecValidator(document).iter_errors()] == []


def test_an_answer_of_the_described_form_has_no_fault():
    assert faults_of(ACCOUNT, JsonResponse({"name": "reward_pool", "balance": "1.000000"})) == []


@pytest.mark.parametrize(
    "response",
    [
        JsonResponse({"name": "reward_pool"}),
        JsonResponse({"name": "reward_pool", "balance": 1}),
        JsonResponse({"name": "reward_pool", "balance": "1.000000", "note": "more"}),
        JsonResponse({"name": "reward_pool", "balance": "1.000000"}, status=201),
        HttpResponse("1.000000", content_type="text/plain"),
    ],
    ids=["a field is missing", "a number for a string", "an extra field", "another status", "another type"],
)
def test_an_answer_of_another_form_is_a_fault(response):
    assert len(faults_of(ACCOUNT, response)) == 1


def test_the_name_of_an_account_is_not_described_as_an_address():
    (name,) = json.loads(api_docs.document())["paths"]["/api/v1/ledger/accounts/{name}"]["get"]["parameters"]
    assert name["schema"] == {"type": "string"}
