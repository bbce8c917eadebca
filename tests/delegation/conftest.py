"""A small network for each test, and wallets that call its API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from identity.models import User
from tests.network import Network
from tests.shared_rows import shared
from tests.wallets import ANNA, NORTH, OLGA, OTTO, SOUTH, Caller


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


@shared
def delegated(net):
    """ANNA has 1,500 on NORTH and 300 on SOUTH, both active; two epochs were worked."""
    net.node(NORTH, OLGA, 1_000)
    net.node(SOUTH, OTTO, 600)
    net.fund(ANNA, 2_000)
    anna = Caller(ANNA)
    anna.post(f"nodes/{NORTH}/delegate", {"amount": "1500"})
    anna.post(f"nodes/{SOUTH}/delegate", {"amount": "300"})
    net.settle(worked=[NORTH])
    net.settle(worked=[NORTH, SOUTH])
    return net
