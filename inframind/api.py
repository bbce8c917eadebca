"""The API's root: the packages' endpoints under /api/v1/, and the answer for unknown paths."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import include, path, re_path
from django.views import defaults
from django.views.decorators.csrf import csrf_exempt

from delegation.api.wallets import wallet_json
from delegation.selectors.wallets import wallet_figures
from governance.api.disputes import slash_dispute
from identity.idempotency import NO_ENDPOINT
from protocol.errors import Invalid, NotFound
from staking.services import clock
from web.api import problems

API = "/api/"


@csrf_exempt
def nothing(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    response = problems.response(NotFound("Check the address: no such endpoint."))
    setattr(response, NO_ENDPOINT, True)
    return response


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The site's 404: a problem under the API's root, else the page."""
    return nothing(request) if request.path.startswith(API) else defaults.page_not_found(request, exception)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The site's 400: a host name that is not ours, a broken form."""
    if request.path.startswith(API):
        return problems.response(Invalid())
    return defaults.bad_request(request, exception)


def fault(request: HttpRequest) -> HttpResponse:
    """The site's 500."""
    return problems.fault() if request.path.startswith(API) else defaults.server_error(request)


def wallet_of(address: str) -> dict[str, Any]:
    """A wallet as in `GET me`, for endpoints of packages that cannot compute all of it."""
    return wallet_json(wallet_figures(address, now=clock.now()))


urlpatterns = [
    path("", include("staking.api.urls")),
    path("oracle/", include("oracle.api.urls")),
    path("", include("inframind.api_docs")),
    path("", include("identity.api")),
    path("", include("delegation.api.urls")),
    path("", include("governance.api.urls")),
    path("", include("chain_sync.api")),
    path("slashes/<int:slash>/dispute", slash_dispute(wallet_of)),
    re_path(r"^.*$", nothing),
]
