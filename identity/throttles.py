"""Request limits per minute of tokens and addresses; INFRAMIND_RATE_LIMITS=off lifts it on a devnet."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from identity.counters import count
from identity.origin import origin

# Calls a minute, by what is called and who is counted.
LIMITS = {
    ("read", "token"): 30_000,
    ("read", "address"): 30_000,
    ("write", "token"): 3_000,
    ("write", "address"): 12_000,
    ("signin", "address"): 1_200,
}


class Throttle(BaseThrottle):
    """The caller's token if there is one, else its address; both for a request that writes."""

    kind: str | None = None

    def __init__(self) -> None:
        self._wait: int | None = None

    def allow_request(self, request: Request, view: Any) -> bool:
        if not settings.INFRAMIND_RATE_LIMITS:
            return True
        kind = self.kind or ("read" if request.method in SAFE_METHODS else "write")
        for counted, name in self._callers(request, kind):
            limit = LIMITS[kind, counted]
            wait = count(f"{kind}:{counted}:{name}", limit=limit, closed=kind == "signin")
            self._wait = wait if self._wait is None else max(self._wait, wait or 0)
        return self._wait is None

    def wait(self) -> float | None:
        return self._wait

    def _callers(self, request: Request, kind: str) -> list[tuple[str, str]]:
        token = getattr(request.auth, "id", None)
        by_address = [("address", origin(request._request))]
        if not token or kind == "signin":
            return by_address
        return [("token", str(token)), *(by_address if kind == "write" else [])]


class SignInThrottle(Throttle):
    """Nonces and signatures: counted by address alone."""

    kind = "signin"
