"""The API reference: the OpenAPI document as pages of the site, one for each group of endpoints."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import slugify
from django.views.decorators.http import require_safe

from inframind.openapi_document import document

METHODS = ("get", "post", "patch", "put", "delete")
# Types of bodies deeper than this are named and not opened.
DEPTH = 1
Schema = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Field:
    """A parameter, or a field of a body. `where`: path, query, header, or "" in a body."""

    name: str
    kind: str
    required: bool
    text: SafeString
    where: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """A response by its status: the name of its type, and the fields of it that are worth listing here."""

    status: str
    text: SafeString
    kind: str
    fields: tuple[Field, ...] = ()


@dataclass(frozen=True, slots=True)
class Operation:
    """An endpoint with a method. `needs_token`: it acts for a wallet or an oracle."""

    id: str
    method: str
    path: str
    text: SafeString
    needs_token: bool
    parameters: tuple[Field, ...]
    body: str
    body_fields: tuple[Field, ...]
    answers: tuple[Answer, ...]

    @property
    def first_sentence(self) -> SafeString:
        return mark_safe(str(self.text).split(". ")[0].rstrip(".") + ".")


@dataclass(frozen=True, slots=True)
class Group:
    """Endpoints of one tag."""

    slug: str
    name: str
    operations: tuple[Operation, ...]


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    return render(request, "api_reference.html", {"groups": groups(), "text": _information()})


@require_safe
def group(request: HttpRequest, slug: str) -> HttpResponse:
    chosen = next((one for one in groups() if one.slug == slug), None)
    if chosen is None:
        raise Http404
    return render(request, "api_reference_group.html", {"group": chosen, "groups": groups()})


@cache
def groups() -> tuple[Group, ...]:
    """Every endpoint by tag, in alphabetical order."""
    document = _document()
    by_tag: dict[str, list[Operation]] = defaultdict(list)
    for path, methods in document["paths"].items():
        for method in METHODS:
            if method in methods:
                operation = methods[method]
                by_tag[operation["tags"][0]].append(_operation(document, path, method, operation))
    return tuple(
        Group(slugify(tag), tag.replace("-", " ").capitalize(), tuple(operations))
        for tag, operations in sorted(by_tag.items())
    )


@cache
def _document() -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(document())
    return parsed


def _information() -> list[SafeString]:
    """The description of the API, by paragraph."""
    return [marked(part) for part in _document()["info"]["description"].split("\n\n") if part.strip()]


def _operation(document: Schema, path: str, method: str, operation: Schema) -> Operation:
    body = _content(operation.get("requestBody", {}))
    return Operation(
        id=operation["operationId"], method=method.upper(), path=path,
        text=_text(operation),
        needs_token=bool(operation.get("security")) and {} not in operation["security"],
        parameters=tuple(_parameter(one) for one in operation.get("parameters", [])),
        body=kind_of(body) if body else "",
        body_fields=tuple(_fields(document, body)),
        answers=tuple(_answer(document, status, answer) for status, answer in operation["responses"].items()),
    )  # fmt: skip


def _parameter(parameter: Schema) -> Field:
    return Field(
        parameter["name"], kind_of(parameter["schema"]), parameter.get("required", False), _text(parameter),
        parameter["in"],
    )  # fmt: skip


def _answer(document: Schema, status: str, answer: Schema) -> Answer:
    answer = _resolved(document, answer)
    body = _content(answer)
    successful = status.startswith("2")
    fields = tuple(_fields(document, body)) if successful else ()
    return Answer(status, _text(answer), kind_of(body) if body and successful else "", fields)


def _content(holder: Schema) -> Schema:
    """The schema of a body, the JSON one when there are several; empty without a body."""
    content = holder.get("content", {})
    chosen: Schema = content.get("application/json") or next(iter(content.values()), {})
    schema: Schema = chosen.get("schema", {})
    return schema


def _fields(document: Schema, schema: Schema, depth: int = 0) -> Iterator[Field]:
    """The fields of an object; of a list or a page those of its rows."""
    schema = _resolved(document, schema)
    if schema.get("type") == "array":
        yield from _fields(document, schema["items"], depth)
        return
    required = set(schema.get("required", ()))
    for name, one in schema.get("properties", {}).items():
        yield Field(name, kind_of(one), name in required, _text(one))
        if name == "results" and depth < DEPTH:
            rows = _resolved(document, one).get("items", {})
            for row in _fields(document, rows, depth + 1):
                yield Field(f"results[].{row.name}", row.kind, row.required, row.text)


def _resolved(document: Schema, schema: Schema) -> Schema:
    reference = schema.get("$ref")
    if reference is None:
        return schema
    part_of_document: Any = document
    for part in reference.removeprefix("#/").split("/"):
        part_of_document = part_of_document[part]
    result: Schema = part_of_document
    return result


def _text(schema: Schema) -> SafeString:
    return marked(" ".join(str(schema.get("description", "")).split()))


def marked(text: str) -> SafeString:
    """The text with backticks replaced by code elements."""
    plain, *rest = text.split("`")
    pieces = [
        format_html("<code>{}</code>", part) if number % 2 == 0 else part for number, part in enumerate(rest)
    ]
    return format_html_join("", "{}", ((piece,) for piece in [plain, *pieces]))


def kind_of(schema: Schema) -> str:
    """A schema in words: "string or null", "list of Node", "one of read, write"."""
    if "$ref" in schema:
        return str(schema["$ref"]).rsplit("/", 1)[-1].removesuffix("Request")
    for join in ("oneOf", "anyOf", "allOf"):
        if join in schema:
            return " or ".join(kind_of(one) for one in schema[join])
    if "const" in schema:
        return json.dumps(schema["const"])
    if "enum" in schema:
        return "one of " + ", ".join("null" if value is None else str(value) for value in schema["enum"])
    types = schema.get("type", "any")
    if types == "array":
        return "list of " + kind_of(schema["items"])
    return " or ".join(types) if isinstance(types, list) else str(types)
