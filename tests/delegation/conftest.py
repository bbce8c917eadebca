"""A small network for each test, and wallets that call its API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from identity.models import User
from tests.network import Network
from tests.shared_rows import shared
from tests.wallets import Caller


@pytest.fixture(autouse=True)
def _no_limits(settings: Any) -> None:
    settings.INFRAMIND_RATE_LIMITS = False


@shared
def net() -> Network:
    return Network(site=True)


@pytest.fixture
def caller() -> type[Caller]:
    return Caller


@pytest.fixture
def sign_in() -> Callable[[str], Client]:
    """`sign_in(ANNA)` is a client with that wallet's session."""

    def session(wallet: str) -> Client:
        user, _ = User.objects.get_or_create(address=wallet)
        client = Client()
        client.force_login(user)
        return client

    return session
