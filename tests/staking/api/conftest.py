"""A network of three nodes that one operator each runs, and wallets that call its API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from tests.network import Network
from tests.shared_rows import shared
from tests.wallets import ANNA, EAST, NORTH, OLGA, OTTO, SOUTH, Caller


@pytest.fixture(autouse=True)
def _no_limits(settings: Any) -> None:
    settings.INFRAMIND_RATE_LIMITS = False


@shared
def net() -> Network:
    return Network(site=True)


@shared
def three(net: Network) -> Network:
    """North of tier 3 and South of tier 1, run by Olga and Otto, and East, which Olga runs without stake."""
    net.node(NORTH, OLGA, 10_000, region="eu-west", hardware={"gpu": "A100", "tee": True})
    net.node(SOUTH, OTTO, 500, region="us-east", hardware={"gpu": "L40S", "tee": False})
    net.node(EAST, OLGA, 0, region="eu-west", delegation_cap=0)
    net.fund(ANNA, 100_000)
    return net


@pytest.fixture
def get() -> Callable[..., Any]:
    """`get("nodes", tier=1)`: the answer of the API to somebody without a token, after a look at its status."""

    def read(path: str, status: int = 200, /, **query: Any) -> Any:
        answer = Client().get(f"/api/v1/{path}", query)
        assert answer.status_code == status, answer.content
        kind = "application/json" if status == 200 else "application/problem+json"
        assert answer.headers["Content-Type"] == kind
        return answer.json()

    return read


@pytest.fixture
def refused(get: Callable[..., Any]) -> Callable[..., None]:
    """`refused("invalid", "nodes", tier="abc")`: the same for a refusal, by its code."""

    def check(code: str, path: str, status: int = 400, /, **query: Any) -> None:
        assert get(path, status, **query)["code"] == code

    return check


@pytest.fixture
def olga(db: None) -> Caller:
    return Caller(OLGA)


@pytest.fixture
def otto(db: None) -> Caller:
    return Caller(OTTO)
