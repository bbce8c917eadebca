from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import Client

from tests.callers import anna, api, token, toys  # noqa: F401
from tests.network import Network
from web import page_cache


@pytest.fixture(autouse=True)
def _empty_page_cache() -> Iterator[None]:
    page_cache.clear()
    yield
    page_cache.clear()


@pytest.fixture
def reader() -> Client:
    """An anonymous reader."""
    return Client(HTTP_ACCEPT_ENCODING="identity")


@pytest.fixture
def network(db: None) -> Network:
    return Network()
