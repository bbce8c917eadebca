"""ETag and 304 on the API's reads, and Cache-Control: answers to a signed-in caller are private."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponseBase
from django.middleware.http import ConditionalGetMiddleware
from django.utils.cache import patch_cache_control, patch_vary_headers

PREFIX = "/api/v1/"


class ConditionalReads(ConditionalGetMiddleware):
    """Answers of the API, and pages of a signed-in wallet, may be stored but must be revalidated before use."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if request.method != "GET" or response.streaming:
            return response
        program = request.path.startswith(PREFIX)
        known = "Authorization" in request.headers or "sessionid" in request.COOKIES
        if (program or known) and not response.has_header("Cache-Control"):
            patch_cache_control(response, no_cache=True, **({"private": True} if known else {}))
            if program:
                patch_vary_headers(response, ["Authorization", "Cookie"])
        return (
            super().process_response(request, response)
            if program and response.status_code == 200
            else response
        )
