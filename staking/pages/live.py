"""`/live/`: the version of the data that pages show; an open page reloads when it differs from its own."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from staking.selectors.page_context import live_version, network_status


@require_safe
def live(request: HttpRequest) -> HttpResponse:
    return HttpResponse(
        live_version(network_status()),
        content_type="text/plain; charset=utf-8",
        headers={"Cache-Control": "no-store"},
    )
