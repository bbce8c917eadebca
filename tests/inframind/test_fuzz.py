"""Every endpoint with generated input, against the API's schema: no crash, no answer outside the schema."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime

import pytest
import schemathesis
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from identity.tokens import issue
from inframind import api_docs
from tests.examples import examples
from tests.governance import scenario

EXAMPLES = examples(3, 12, 200)
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


@pytest.fixture
def schema(db):
    """The description, bound to the site inside this test's transaction."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    loaded = schemathesis.openapi.from_dict(json.loads(api_docs.document()))
    loaded.app = WSGIHandler()
    loaded.config.update(base_url="http://testserver")
    yield loaded
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


# Hypothesis lifts the limit while it runs, and the parser puts it back to what a body may be nested.
@pytest.mark.filterwarnings("ignore:The recursion limit will not be reset")
@pytest.mark.random
@pytest.mark.parametrize(("wallet", "scope"), [(None, None), (scenario.OLGA, "write"), ("", "oracle")])
def test_every_endpoint_answers_by_its_schema(schema, case, wallet, scope):
    # The site is called past a server and a client that would unpack its answers.
    headers = {"Accept-Encoding": "identity"}
    if scope:
        headers["Authorization"] = f"Bearer {issue(wallet=wallet, scope=scope, now=datetime.now(UTC))[0]}"
    operations = [loaded.ok() for loaded in schema.get_all_operations()]
    assert len(operations) > 50
    seen = Counter()
    for operation in operations:
        if scope != "oracle" or "/oracle/" in operation.path:
            _try(operation, headers, case, seen)
    # The input reaches the rules, not only the permission checks.
    assert {200, 400} <= set(seen), seen


def _try(operation, headers, known, seen):
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(made_up=operation.as_strategy(), real=st.booleans())
    def call(made_up, real):
        if real:
            for name in made_up.path_parameters or {}:
                made_up.path_parameters[name] = known.get(name, made_up.path_parameters[name])
        seen[made_up.call_and_validate(headers=headers, checks=CHECKS).status_code] += 1

    call()
