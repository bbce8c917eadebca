"""Endpoints of identity: sign-in with a wallet, and the caller's own wallet."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import path
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from delegation.api.serializers import WalletSerializer
from delegation.api.wallets import wallet_json
from delegation.selectors.wallets import wallet_figures
from identity import signin, siwe
from identity.models import Token
from identity.throttles import SignInThrottle
from identity.tokens import issue
from protocol.addresses import checksum
from staking.services import clock
from web.api.fields import AddressField, MomentField, TextField
from web.api.permissions import Anyone, WalletOnly, caller


class AskSerializer(serializers.Serializer[Any]):
    address = AddressField(help_text="The wallet that will sign.")


class ChallengeSerializer(serializers.Serializer[Any]):
    nonce = serializers.CharField()
    message = serializers.CharField(
        help_text="EIP-4361; sign it as it stands with `personal_sign` (EIP-191)."
    )


class ProofSerializer(serializers.Serializer[Any]):
    message = TextField(max_length=siwe.LONGEST, trim_whitespace=False)
    signature = TextField(max_length=20_002, trim_whitespace=False)


class SignedInSerializer(serializers.Serializer[Any]):
    token = serializers.CharField(help_text="For `Authorization: Bearer`; it is told this once.")
    address = AddressField()
    expires_at = MomentField()


class SignInView(APIView):
    """Views that need no token and ignore an expired one."""

    authentication_classes = []
    permission_classes = [Anyone]
    throttle_classes = [SignInThrottle]


def new_challenge(request: HttpRequest, address: str) -> dict[str, str]:
    """A nonce and the message for this wallet to sign, for the site as the caller reached it."""
    scheme = "https" if request.is_secure() or settings.SESSION_COOKIE_SECURE else "http"
    nonce, message = signin.challenge(
        address=address, domain=request.get_host(), scheme=scheme, now=timezone.now()
    )
    return {"nonce": nonce, "message": message}


class AskView(SignInView):
    @extend_schema(
        tags=["sign-in"], operation_id="auth_nonce", request=AskSerializer, responses=ChallengeSerializer
    )
    def post(self, request: Request) -> Response:
        """Ask for a message to sign (EIP-4361). Its nonce is good once, for ten minutes."""
        body = AskSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        return Response(new_challenge(request._request, body.validated_data["address"]))


class ProveView(SignInView):
    @extend_schema(
        tags=["sign-in"], operation_id="auth_verify", request=ProofSerializer, responses=SignedInSerializer
    )
    def post(self, request: Request) -> Response:
        """Trade the signed message for a token with the scope write, good for thirty days.

        Signatures of 65 bytes with a recovery byte of 0, 1, 27 or 28 and compact ones (EIP-2098) are accepted. On a
        network with a chain so are those of contract wallets (EIP-1271, EIP-6492). A refusal uses up the nonce too.
        The answer is not stored under an Idempotency-Key: it is a secret.
        """
        body = ProofSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        now = timezone.now()
        address = signin.verify(
            text=body.validated_data["message"],
            signature=body.validated_data["signature"],
            domain=request.get_host(),
            now=now,
        )
        signin.user_of(address)
        secret, token = issue(wallet=address, scope=Token.Scope.WRITE, now=now, label="sign-in")
        return Response(SignedInSerializer(
            {"token": secret, "address": checksum(address), "expires_at": token.expires_at}
        ).data)  # fmt: skip


class MeView(APIView):
    permission_classes = [WalletOnly]

    @extend_schema(tags=["wallets"], operation_id="me", responses=WalletSerializer)
    def get(self, request: Request) -> Response:
        """The balances of the caller's wallet."""
        return Response(wallet_json(wallet_figures(caller(request), now=clock.now())))


urlpatterns = [
    path("auth/nonce", AskView.as_view()),
    path("auth/verify", ProveView.as_view()),
    path("me", MeView.as_view()),
]
