from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import Client

from tests.network import Network
from tests.shared_rows import shared
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


@shared
def network() -> Network:
    return Network()
