"""Refusals as problem+json (RFC 9457, interfaces section 3): one handler for every endpoint of the API."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from django.core import exceptions as django
from django.http import Http404, JsonResponse
from rest_framework import exceptions
from rest_framework.response import Response

from protocol import errors
from protocol.errors import ProtocolError
from web import metrics

CONTENT_TYPE = "application/problem+json"
FIELDLESS = "non_field_errors"

TRANSLATIONS: tuple[tuple[type[Exception], type[ProtocolError]], ...] = (
    (exceptions.AuthenticationFailed, errors.Unauthenticated),
    (exceptions.NotAuthenticated, errors.Unauthenticated),
    (exceptions.PermissionDenied, errors.PermissionDenied),
    (django.PermissionDenied, errors.PermissionDenied),
    (exceptions.NotFound, errors.NotFound),
    (Http404, errors.NotFound),
    (exceptions.MethodNotAllowed, errors.MethodNotAllowed),
    (exceptions.UnsupportedMediaType, errors.UnsupportedMediaType),
    (exceptions.Throttled, errors.RateLimited),
    (django.RequestDataTooBig, errors.TooLarge),
    (django.SuspiciousOperation, errors.Invalid),
    (exceptions.ParseError, errors.Invalid),
)
# Exceptions whose own message is shown instead of the default.
TELLING = (exceptions.AuthenticationFailed, exceptions.PermissionDenied, exceptions.ParseError)


def handle(exception: Exception, context: Mapping[str, Any]) -> Response | None:
    """DRF's exception handler. Returns None for errors that are no refusals: Django's error handler answers those."""
    if isinstance(exception, exceptions.ValidationError):
        return _response(validation_body(exception))
    refusal = exception if isinstance(exception, ProtocolError) else _translated(exception)
    return None if refusal is None else _response(body(refusal), _headers(exception, refusal))


def body(refusal: ProtocolError) -> dict[str, Any]:
    """The problem of one refusal, which is counted."""
    metrics.REFUSALS.labels(refusal.code).inc()
    return example(refusal)


def example(refusal: ProtocolError) -> dict[str, Any]:
    """The problem of one refusal; its figures (`extra`) stand beside the code."""
    problem = _body(refusal.code, refusal.status, refusal.detail)
    if refusal.field:
        problem["errors"] = [{"field": refusal.field, "code": refusal.code, "detail": refusal.detail}]
    return {**refusal.extra, **problem}


def validation_body(exception: exceptions.ValidationError) -> dict[str, Any]:
    """The problem of a body with failed fields; its code is the first one's where it has one (section 13)."""
    failed = list(_failures(exception.detail, ""))
    first = failed[0]
    known = first["code"] in errors.ERRORS
    kind = errors.ERRORS[first["code"]] if known else errors.Invalid
    detail = first["detail"] if known or not first["field"] else f"{first['field']}: {first['detail']}"
    metrics.REFUSALS.labels(kind.code).inc()
    return {**_body(kind.code, kind.status, detail), "errors": failed}


def response(refusal: ProtocolError) -> JsonResponse:
    """The same answer for middleware and plain Django views."""
    return JsonResponse(body(refusal), status=refusal.status, content_type=CONTENT_TYPE)


def fault() -> JsonResponse:
    """The problem of an internal error, which says nothing of its cause."""
    detail = (
        "Something went wrong on our side: tell us the X-Request-ID. Look at what was done before you repeat it; "
        "under the same Idempotency-Key it is done once."
    )
    metrics.REFUSALS.labels("internal").inc()
    return JsonResponse(_body("internal", 500, detail), status=500, content_type=CONTENT_TYPE)


def _body(code: str, status: int, detail: str) -> dict[str, Any]:
    return {
        "type": f"/api/v1/problems/{code}",
        "title": code.replace("_", " ").capitalize(),
        "status": status,
        "code": code,
        "detail": detail,
    }


def _response(problem: dict[str, Any], headers: Mapping[str, str] | None = None) -> Response:
    return Response(problem, status=problem["status"], headers=headers, content_type=CONTENT_TYPE)


def _translated(exception: Exception) -> ProtocolError | None:
    for theirs, ours in TRANSLATIONS:
        if isinstance(exception, theirs):
            detail = getattr(exception, "detail", None) if isinstance(exception, TELLING) else None
            return ours(str(detail) if detail else None)
    return None


def _headers(exception: Exception, refusal: ProtocolError) -> dict[str, str]:
    if refusal.status == 401:
        return {"WWW-Authenticate": "Bearer"}
    if refusal.status == 429:
        return {"Retry-After": str(max(1, math.ceil(getattr(exception, "wait", None) or 1)))}
    return {}


def _failures(detail: Any, field: str) -> Iterator[dict[str, str]]:
    """Every failed field of DRF's nested detail as `a.0.b`, in the order of the fields."""
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            yield from _failures(inner, field if name == FIELDLESS else f"{field}.{name}".lstrip("."))
    elif isinstance(detail, list) and any(isinstance(item, Mapping) for item in detail):
        for index, inner in enumerate(detail):
            if inner:
                yield from _failures(inner, f"{field}.{index}".lstrip("."))
    elif isinstance(detail, list):
        for inner in detail:
            yield from _failures(inner, field)
    else:
        yield {"field": field, "code": getattr(detail, "code", "invalid"), "detail": str(detail)}
