"""Middleware: while the demo network is loaded, every page shows the progress and the API answers 503.

Until then the site must not show or change a network of which a part is missing.
"""

from __future__ import annotations

from collections.abc import Callable

from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from inframind.demo import load_state
from inframind.demo.load_state import Progress
from inframind.health import PATHS
from web.theme import theme_of
from web.unavailable import problem

REFRESH_SECONDS = 2
Handler = Callable[[HttpRequest], HttpResponse]


class LoadingPage:
    """Removes itself from a process that starts when nothing is loading; passes requests on once the load is done."""

    def __init__(self, get_response: Handler) -> None:
        if load_state.progress() is None:
            raise MiddlewareNotUsed
        self.get_response = get_response
        self._loading = True

    def __call__(self, request: HttpRequest) -> HttpResponse:
        progress = load_state.progress() if self._loading else None
        self._loading = progress is not None
        if progress is None or request.path in PATHS:
            return self.get_response(request)
        return _loading(request, progress)


def _loading(request: HttpRequest, progress: Progress) -> HttpResponse:
    if request.path.startswith("/api/"):
        detail = f"The demo network is loading: {progress.epochs} of {progress.total} epochs are settled."
        response: HttpResponse = problem(f"{detail} Nothing was changed; try again in a moment.")
    else:
        context = {"progress": progress, "seconds": REFRESH_SECONDS, "theme": theme_of(request)}
        response = HttpResponse(render_to_string("loading.html", context), status=503)
    response["Retry-After"] = str(REFRESH_SECONDS)
    response["Cache-Control"] = "no-store"
    return response
