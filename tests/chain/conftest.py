"""Contracts on a real EVM. CHAIN_TEST_NODE names a development node to run the same tests against."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

import pytest

_recursion_limit = sys.getrecursionlimit()

from tests.chain.evm import NodeEvm, PyEvm
from tests.chain.network import Chain

# py-evm raises it to 100,000 when it is imported: deep recursion in another test would end the process.
sys.setrecursionlimit(_recursion_limit)


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
