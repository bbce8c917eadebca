"""Authentication of requests: a token in `Authorization: Bearer`, or the session of a page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request
from structlog.contextvars import bind_contextvars

from identity.models import Token
from identity.tokens import Rights, find

_SEEN = "_inframind_rights"


@dataclass(frozen=True, slots=True)
class Caller:
    """The wallet behind a token, canonical; an oracle has none."""

    address: str
    is_authenticated: bool = True
    is_anonymous: bool = False
    is_active: bool = True
    is_staff: bool = False

    @property
    def pk(self) -> str:
        return self.address


SESSION = Rights(id=0, wallet="", scope=Token.Scope.WRITE)


def bearer(request: HttpRequest) -> str | None:
    """The token that a request carries, unchecked; None without one."""
    kind, _, secret = request.headers.get("Authorization", "").partition(" ")
    return secret.strip() if kind.lower() == "bearer" else None


def rights_of(request: HttpRequest) -> Rights | None:
    """Return the rights of the request's token, looked up once a request; None for an invalid or expired token."""
    if not hasattr(request, _SEEN):
        secret = bearer(request)
        rights = find(secret) if secret else None
        setattr(request, _SEEN, rights)
        if rights is not None:
            # Later log lines of the request contain the caller.
            bind_contextvars(token=rights.id, wallet=rights.wallet)
    cached: Rights | None = getattr(request, _SEEN)
    return cached


class TokenAuthentication(BaseAuthentication):
    """`request.user.address` is the token's wallet, `request.auth.scope` its right."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        if bearer(request._request) is None:
            return None
        rights = rights_of(request._request)
        if rights is None:
            raise AuthenticationFailed("The token is unknown, revoked or has run out: sign in again.")
        return Caller(rights.wallet), rights

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class PageSession(SessionAuthentication):
    """A signed-in page's own fetches, under its CSRF token; they may do what the wallet may."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        authenticated = super().authenticate(request)
        if authenticated is None:
            return None
        bind_contextvars(wallet=authenticated[0].address)
        return authenticated[0], SESSION
