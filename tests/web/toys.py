"""Endpoints built on `web.api` alone."""

from __future__ import annotations

from typing import Any

from django.urls import path
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from identity.models import User
from inframind import urls
from protocol.errors import DelegationCapExceeded
from web.api import cursors, fields, pagination
from web.api.permissions import OracleOnly, WalletOnly

handler400, handler404, handler500 = urls.handler400, urls.handler404, urls.handler500


class Body(serializers.Serializer[Any]):
    amount = fields.AmountField()
    to = fields.AddressField(required=False)
    count = fields.IntegerField(required=False)
    flag = fields.BooleanField(required=False)
    name = fields.TextField(required=False, max_length=5)
    at = fields.MomentField(required=False)
    things = fields.ObjectField(required=False)


class Echo(APIView):
    """Returns the parsed body and the caller."""

    def get(self, request: Request) -> Response:
        window = cursors.window(request, cursors.number_part)
        (last,) = window.after or (-1,)
        rows = [row for row in range(7) if row > last][window.offset : window.stop + 1]
        return pagination.page(request, rows, window=window, key=lambda row: (row,), render=list)

    def post(self, request: Request) -> Response:
        body = Body(data=request.data)
        body.is_valid(raise_exception=True)
        return Response({**Body(body.validated_data).data, "caller": request.user.address}, status=201)


class Make(APIView):
    """Makes a row each time it is called; then refuses when asked to."""

    def post(self, request: Request) -> Response:
        made = User.objects.create(address=f"0x{User.objects.count() + 1:040x}")
        if request.data.get("refuse"):
            raise DelegationCapExceeded(extra={"room": "5.000000"})
        if request.data.get("crash"):
            raise RuntimeError("a secret cause")
        return Response({"z": made.pk, "a": made.address}, status=201)


class Own(APIView):
    permission_classes = [WalletOnly]

    def get(self, request: Request) -> Response:
        return Response({"scope": request.auth.scope})


class Reports(APIView):
    permission_classes = [OracleOnly]

    def post(self, request: Request) -> Response:
        return Response({})


urlpatterns = [
    path("api/v1/toys/echo", Echo.as_view()),
    path("api/v1/toys/make", Make.as_view()),
    path("api/v1/toys/own", Own.as_view()),
    path("api/v1/toys/reports", Reports.as_view()),
    *urls.urlpatterns,
]
