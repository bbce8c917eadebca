from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import Client

from tests.network import Network
from web import page_cache


@pytest.fixture(autouse=True)
def _empty_shelf() -> Iterator[None]:
    page_cache.forget()
    yield
    page_cache.forget()


@pytest.fixture
def reader() -> Client:
    """A reader who is not signed in."""
    return Client(HTTP_ACCEPT_ENCODING="identity")


@pytest.fixture
def network(db: None) -> Network:
    return Network()
