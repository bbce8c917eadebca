"""Development nodes in this process: each test has one of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.chain.devnet.client import Client, start


@pytest.fixture
def client() -> Iterator[Client]:
    """A node with both contracts, which mines when `evm_mine` is called."""
    client = start()
    yield client
    client.node.close()


@pytest.fixture
def empty() -> Iterator[Client]:
    """A node without contracts, which mines when `evm_mine` is called."""
    client = start(deployed=False)
    yield client
    client.node.close()
