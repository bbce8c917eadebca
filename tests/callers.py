"""Callers of the API, and a site with a few endpoints for tests of what all endpoints share."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from identity.models import User
from identity.tokens import issue

ANNA = "0x" + "a1" * 20
BELA = "0x" + "b2" * 20


class Api:
    """A client of the API that speaks JSON as one caller."""

    def __init__(self, secret: str | None = None, **client: Any) -> None:
        self.client = Client(**client)
        self.rights = {"Authorization": f"Bearer {secret}"} if secret else {}

    def get(self, where: str, **query: Any) -> Any:
        return self.client.get(self.address(where), query, headers=self.rights)

    def post(self, where: str, body: Any = None, *, key: str | None = None, **headers: str) -> Any:
        return self.send("POST", where, body, key=key, **headers)

    def send(
        self, method: str, where: str, body: Any = None, *, key: str | None = None, **headers: str
    ) -> Any:
        sent = {**self.rights, **({"Idempotency-Key": key} if key is not None else {}), **headers}
        kind = {} if isinstance(body, bytes) else {"content_type": "application/json"}
        data = {} if body is None else body
        if isinstance(body, bytes):
            kind = {"content_type": headers.pop("content_type", "application/json")}
        return self.client.generic(method, self.address(where), _bytes(data), **kind, headers=sent)

    @staticmethod
    def address(where: str) -> str:
        return where if where.startswith("/") else f"/api/v1/{where}"


def _bytes(data: Any) -> bytes:
    return data if isinstance(data, bytes) else json.dumps(data).encode()


@pytest.fixture
def token(db: None) -> Any:
    def make(wallet: str = ANNA, scope: str = "write", **changed: Any) -> str:
        now = timezone.now()
        secret, row = issue(wallet="" if scope == "oracle" else wallet, scope=scope, now=now)
        if changed.pop("expired", False):
            changed["expires_at"] = now - timedelta(seconds=1)
        if changed:
            type(row).objects.filter(id=row.id).update(**changed)
        return secret

    return make


@pytest.fixture
def api() -> Any:
    return Api


@pytest.fixture
def anna(token: Any) -> Api:
    return Api(token(ANNA))


@pytest.fixture
def signed_in(api: Any, db: None) -> Any:
    """A caller with the session of a wallet, as the pages' own script."""

    def sign_in(wallet: str) -> Api:
        caller = Api()
        caller.client.force_login(User.objects.get_or_create(address=wallet)[0])
        return caller

    return sign_in


@pytest.fixture
def toys(settings: Any) -> None:
    """The site with the endpoints of tests/web/toys.py under /api/v1/toys/."""
    settings.ROOT_URLCONF = "tests.web.toys"
