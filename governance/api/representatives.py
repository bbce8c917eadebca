"""Endpoints of representatives: name them, and read those of a wallet (R57)."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from governance.api import serializers as schemas
from governance.api.queries import caller_of, request_object
from governance.selectors.representation import KINDS, representatives_of
from governance.services.representatives import name_representatives
from protocol.addresses import normalize
from protocol.errors import AddressInvalid, Invalid
from staking.services import clock


@extend_schema(
    tags=["governance"], request=schemas.RepresentativesBody, responses=schemas.RepresentativesSerializer
)
@api_view(["POST"])
def name(request: Request) -> Response:
    """Name a representative for disputes, for proposals or for both, or take one back with null.

    Applies to votes opened from the next epoch on. A kind that is left out does not change.
    """
    wallet = caller_of(request)
    name_representatives(wallet=wallet, named=_named(request_object(request)), now=clock.now())
    return Response(_json(wallet))


@extend_schema(tags=["governance"], responses=schemas.RepresentativesSerializer)
@api_view(["GET"])
def of_wallet(request: Request, address: str) -> Response:
    """Return the representatives of a wallet, and what it represents itself."""
    return Response(_json(normalize(address)))


def _named(body: dict[str, Any]) -> dict[str, str | None]:
    named = {kind: _address(body[kind], kind) for kind in KINDS if kind in body}
    if not named:
        raise Invalid("Enter a representative for disputes, for proposals or for both.", field=KINDS[0])
    return named


def _address(value: object, kind: str) -> str | None:
    if value is None:
        return None
    try:
        return normalize(value)  # type: ignore[arg-type]
    except AddressInvalid as error:
        raise AddressInvalid(error.detail, field=kind) from None


def _json(wallet: str) -> dict[str, Any]:
    return dict(schemas.RepresentativesSerializer(representatives_of(wallet)).data)
