"""Contracts on a real EVM. CHAIN_TEST_NODE names a development node to run the same tests against."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.chain.evm import NodeEvm, PyEvm
from tests.chain.network import Chain


@pytest.fixture(scope="session")
def shared_chain() -> Chain:
    """Both contracts, deployed once: tests use `chain`, which undoes what the test before did."""
    node = os.environ.get("CHAIN_TEST_NODE")
    return Chain(NodeEvm(node) if node else PyEvm())


@pytest.fixture
def chain(shared_chain: Chain) -> Iterator[Chain]:
    """Both contracts as deployed: no epochs, and all tokens with the holder."""
    with shared_chain.undone():
        yield shared_chain
