"""Every answer of the API that a test receives is compared with the OpenAPI document."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import jsonschema_rs
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

ROOT = "/api/v1/"
# A server answers these where no operation is: they are not part of an operation's description.
OUTSIDE_OPERATIONS = {405}


class ValidateAnswers:
    """Middleware of the test settings: raises AssertionError for an answer that the document does not describe."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        described = settings.ROOT_URLCONF == "inframind.urls" and request.path.startswith(ROOT)
        if described and response.status_code < 500:
            faults = faults_of(request, response)
            assert not faults, f"{request.method} {request.path} {response.status_code}: {'; '.join(faults)}"
        return response


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation of the document: the form of its paths, and a validator for each status and content type."""

    path: re.Pattern[str]
    validators: dict[str, dict[str, Any]]


def faults_of(request: HttpRequest, response: Any) -> list[str]:
    """Return the faults of an answer against the document; none for a path that the document does not have."""
    operation = _operation(request.method or "", request.path)
    if (
        operation is None
        or response.status_code in OUTSIDE_OPERATIONS
        or response.has_header("Content-Encoding")
    ):
        return []
    validators = operation.validators.get(str(response.status_code))
    if validators is None:
        return ["the status is not described"]
    if not validators:
        return [] if not response.content else ["a body is not described"]
    kind = response.headers["Content-Type"].partition(";")[0]
    if kind not in validators:
        return [f"the content type {kind} is not described"]
    if not kind.endswith("json") or response.streaming:
        return []
    errors = validators[kind].iter_errors(json.loads(response.content))
    return [f"{'/'.join(map(str, error.instance_path))}: {error.message[:300]}" for error in errors][:5]


def _operation(method: str, path: str) -> Operation | None:
    return next((one for one in operations().get(method, ()) if one.path.fullmatch(path)), None)


@cache
def operations() -> dict[str, list[Operation]]:
    """The operations of each method, those without variables in their paths first."""
    from inframind import api_docs

    document = json.loads(api_docs.document())
    components = {"components": _closed(document["components"])}
    by_method: dict[str, list[Operation]] = {}
    for path in sorted(document["paths"], key=lambda path: path.count("{")):
        for method, operation in document["paths"][path].items():
            pattern = re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path)))
            validators = {
                status: dict(_validators(response, components))
                for status, response in operation["responses"].items()
            }
            by_method.setdefault(method.upper(), []).append(Operation(pattern, validators))
    return by_method


def _validators(response: dict[str, Any], components: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    if "$ref" in response:
        response = components["components"]["responses"][response["$ref"].rpartition("/")[2]]
    for kind, media in response.get("content", {}).items():
        schema = {**_closed(media.get("schema", {})), **components}
        yield kind, jsonschema_rs.Draft202012Validator(schema, validate_formats=True)


def _closed(schema: Any) -> Any:
    """The schema with objects that have the described fields alone: a field without a description is a fault.

    A problem may have figures of its own kind beside its code.
    """
    if isinstance(schema, list):
        return [_closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {name: _closed(part) for name, part in schema.items() if name != "Problem"}
    if "Problem" in schema:
        closed["Problem"] = schema["Problem"]
    if isinstance(schema.get("properties"), dict) and schema.get("type") == "object":
        closed.setdefault("additionalProperties", False)
    return closed
