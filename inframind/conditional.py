"""ETag and 304 on the API's reads: a program that asks again is told that nothing changed."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponseBase
from django.middleware.http import ConditionalGetMiddleware
from django.utils.cache import patch_cache_control, patch_vary_headers

PREFIX = "/api/v1/"


class ConditionalReads(ConditionalGetMiddleware):
    """Answers may be kept but must be asked about before use; those to a caller who is known, by that one alone."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if request.method != "GET" or not request.path.startswith(PREFIX) or response.streaming:
            return response
        if not response.has_header("Cache-Control"):
            known = "Authorization" in request.headers or "sessionid" in request.COOKIES
            patch_cache_control(response, no_cache=True, **({"private": True} if known else {}))
            patch_vary_headers(response, ["Authorization", "Cookie"])
        return super().process_response(request, response) if response.status_code == 200 else response
