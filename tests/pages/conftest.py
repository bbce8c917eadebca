from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import Client

from staking.pages import kept
from tests.network import Network


@pytest.fixture(autouse=True)
def _empty_shelf() -> Iterator[None]:
    kept.forget()
    yield
    kept.forget()


@pytest.fixture
def reader() -> Client:
    """A reader who is not signed in."""
    return Client(HTTP_ACCEPT_ENCODING="identity")


@pytest.fixture
def network(db: None) -> Network:
    return Network()
