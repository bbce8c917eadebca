"""The OpenAPI description: what all endpoints have in common."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent
from rest_framework.permissions import SAFE_METHODS

from protocol.errors import ERRORS
from web.api import problems
from web.api.fields import ADDRESS
from web.api.permissions import Anyone, WalletWrites

VERBS = {"GET": "", "POST": "_add", "PATCH": "_change"}
# Statuses of refusals: of each endpoint, with authentication, with a body, of an unsafe method.
ALWAYS, KNOWN, WITH_BODY, WITH_EFFECT = (400, 404, 429), (401, 403), (413, 415), (409,)
PROBLEM: dict[str, Any] = {
    "type": "object",
    "description": "A refusal (RFC 9457); it changed nothing. Figures, such as `room`, may stand beside the code.",
    "required": ["type", "title", "status", "code", "detail"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string", "enum": sorted(ERRORS)},
        "detail": {"type": "string", "description": "A sentence that says what to do."},
        "errors": {
            "type": "array",
            "description": "The fields that failed, in their order.",
            "items": {
                "type": "object",
                "required": ["field", "code", "detail"],
                "properties": {name: {"type": "string"} for name in ("field", "code", "detail")},
            },
        },
    },
}
IDEMPOTENCY_KEY: dict[str, Any] = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "The same key and body again give the first answer and no second effect; "
    "with another body it is `idempotency_conflict`.",
    "schema": {
        "type": "string",
        "pattern": "^[!-~]{1,200}$",
        "examples": ["7d5f4c1e-9a1c-4b8e-8a52-0f3a4f1d2c3b"],
    },
}


def _path_schema(parameter: dict[str, Any]) -> dict[str, Any]:
    if parameter["schema"].get("type") == "integer":
        return {"minimum": 1, "maximum": 2**31 - 1}
    return ADDRESS if parameter["name"] == "address" else {}


UNCHANGED = {"description": "The ETag sent as If-None-Match still holds; nothing is sent again."}


class Schema(AutoSchema):
    """A view as DRF-spectacular reads it, with the refusals, rights and headers that every endpoint has."""

    def get_operation_id(self) -> str:
        """nodes, nodes_one, nodes_delegate, nodes_add: the words of the path, then what is done."""
        words = re.sub(r"^/api/v1/", "", self.path).split("/")
        named = [re.sub(r"\W", "_", word) for word in words if not word.startswith("{")]
        one = "_one" if words[-1].startswith("{") and self.method != "PATCH" else ""
        plain = self.method == "POST" and len(words) > 1
        return "_".join(named) + one + ("" if plain else VERBS[self.method])

    def get_auth(self) -> list[dict[str, Any]]:
        """A token is required, or optional where reading is public."""
        if not self.view.get_authenticators():
            return [{}]
        return [{"token": []}, *([{}] if self._is_open() else [])]

    def _is_open(self) -> bool:
        rules = {type(rule) for rule in self.view.get_permissions()}
        return Anyone in rules or (WalletWrites in rules and self.method in SAFE_METHODS)

    def _map_serializer_field(self, field: Any, direction: Any, bypass_extensions: bool = False) -> Any:
        """The field's schema; `allow_null` would name null twice where the schema of the field has it."""
        schema = super()._map_serializer_field(field, direction, bypass_extensions)
        if isinstance(schema.get("type"), list):
            schema["type"] = list(dict.fromkeys(schema["type"]))
        return schema

    def _process_override_parameters(self, direction: Any = "request") -> Any:
        parameters = super()._process_override_parameters(direction)
        if self.method == "POST":
            parameters["Idempotency-Key", "header"] = IDEMPOTENCY_KEY
        return parameters

    def _resolve_path_parameters(self, variables: list[str]) -> list[Any]:
        return [self._described(parameter) for parameter in super()._resolve_path_parameters(variables)]

    @staticmethod
    def _described(parameter: dict[str, Any]) -> dict[str, Any]:
        return {**parameter, "schema": {**parameter["schema"], **_path_schema(parameter)}}

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        bodies = super()._get_response_bodies(direction)
        if self.method == "GET" and "200" in bodies:
            bodies["304"] = self._unchanged().ref
        for status in self._refusals():
            bodies.setdefault(str(status), self._refusal(status).ref)
        return dict(sorted(bodies.items()))

    def _unchanged(self) -> ResolvedComponent:
        component = ResolvedComponent(
            name="Unchanged", type=ResolvedComponent.RESPONSE, object="304", schema=UNCHANGED
        )
        self.registry.register_on_missing(component)
        return component

    def _refusals(self) -> list[int]:
        known = bool(self.view.get_authenticators())
        unsafe = self.method not in SAFE_METHODS
        return [
            *ALWAYS,
            *(KNOWN[:1] if known or unsafe else ()),
            *(KNOWN[1:] if known and not self._is_open() else ()),
            *(WITH_BODY + WITH_EFFECT if unsafe else ()),
        ]

    def _refusal(self, status: int) -> ResolvedComponent:
        """The refusals with one status, their codes as examples; said once and pointed at."""
        component = ResolvedComponent(
            name=f"Refused{status}",
            type=ResolvedComponent.RESPONSE,
            object=str(status),
            schema=refusals(status),
        )
        self.registry.register_on_missing(
            ResolvedComponent(name="Problem", type=ResolvedComponent.SCHEMA, object="Problem", schema=PROBLEM)
        )
        self.registry.register_on_missing(component)
        return component


def refusals(status: int) -> dict[str, Any]:
    """The response of all refusals with this status."""
    kinds = [kind for kind in ERRORS.values() if kind.status == status]
    refusal: dict[str, Any] = {
        "description": f"{HTTPStatus(status).phrase}: {', '.join(f'`{kind.code}`' for kind in kinds)}.",
        "content": {
            problems.CONTENT_TYPE: {
                "schema": {"$ref": "#/components/schemas/Problem"},
                "examples": {kind.code: {"value": problems.example(kind())} for kind in kinds},
            }
        },
    }
    if status == 429:
        whole = {"schema": {"type": "integer", "minimum": 1}, "description": "Seconds to wait."}
        refusal["headers"] = {"Retry-After": whole}
    return refusal
