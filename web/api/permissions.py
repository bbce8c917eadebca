"""Permissions of endpoints: anyone reads, a wallet writes, the oracle reports (interfaces section 3)."""

from __future__ import annotations

from typing import Any

from rest_framework.exceptions import MethodNotAllowed
from rest_framework.permissions import SAFE_METHODS, AllowAny, BasePermission
from rest_framework.request import Request

READ, WRITE, ORACLE = "read", "write", "oracle"

Anyone = AllowAny


def scope(request: Request) -> str | None:
    """The scope of the caller's token or session; None for an anonymous caller, whom DRF answers with 401."""
    return getattr(request.auth, "scope", None)


def caller(request: Request) -> str:
    """The canonical wallet of a token or session; "" for an oracle's token and for an anonymous caller."""
    return str(getattr(request.user, "address", ""))


class EndpointPermission(BasePermission):
    """Base of all permissions: an unsupported method is a 405, whoever calls."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if request.method not in view.allowed_methods:
            raise MethodNotAllowed(str(request.method))
        return self.allows(request)

    def allows(self, request: Request) -> bool:
        raise NotImplementedError


class WalletWrites(EndpointPermission):
    """The default: reading is public, writing is for a wallet's token with the scope write."""

    message = "Use a wallet's token with the scope write: this one may not write here."

    def allows(self, request: Request) -> bool:
        return request.method in SAFE_METHODS or scope(request) == WRITE


class WalletOnly(EndpointPermission):
    """A wallet's own data, read with either scope."""

    message = "Use a wallet's token: this one has no wallet."

    def allows(self, request: Request) -> bool:
        return scope(request) in ((READ, WRITE) if request.method in SAFE_METHODS else (WRITE,))


class OracleOnly(EndpointPermission):
    """The oracle's endpoints."""

    message = "Use an oracle's token: a wallet's may not report here."

    def allows(self, request: Request) -> bool:
        return scope(request) == ORACLE
