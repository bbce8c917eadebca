"""The API's documentation: OpenAPI, pages to browse it offline, and the meaning of each refusal."""

from __future__ import annotations

from typing import Any

from csp.decorators import csp_replace
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_safe
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularSwaggerSplitView

from inframind import api_reference
from inframind.openapi_document import document
from protocol.errors import ERRORS, NotFound
from web.api import problems


@require_safe
def schema(request: HttpRequest) -> HttpResponse:
    return HttpResponse(document(), content_type="application/vnd.oai.openapi+json")


@require_safe
def problem_list(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"results": [_meaning(code) for code in ERRORS], "next": None})


@require_safe
def problem(request: HttpRequest, code: str) -> HttpResponse:
    return JsonResponse(_meaning(code)) if code in ERRORS else problems.response(NotFound())


def _meaning(code: str) -> dict[str, Any]:
    kind = ERRORS[code]
    return {"code": code, "status": kind.status, "sentence": kind.sentence}


@method_decorator(csp_replace({"style-src": ["'self'", "'unsafe-inline'"]}), name="dispatch")
class Docs(SpectacularSwaggerSplitView):
    """Swagger UI from our own files; its script writes inline styles, which only this page allows."""

    url_name = "schema"


urlpatterns = [
    path("schema/", schema, name="schema"),
    path("schema", RedirectView.as_view(pattern_name="schema")),
    path("docs/", api_reference.index, name="api-docs"),
    path("docs/try/", Docs.as_view(), name="api-try"),
    path("docs/<slug:slug>/", api_reference.group, name="api-group"),
    path("docs", RedirectView.as_view(pattern_name="api-docs")),
    path("problems", problem_list),
    path("problems/<slug:code>", problem),
]
