"""A network with a node, and a target of webhooks."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from identity import counters
from tests.network import Network
from tests.notifications.site import Target
from tests.shared_rows import shared


@pytest.fixture(autouse=True)
def _fresh_counters() -> None:
    counters._store().flushdb()


@shared
def net() -> Network:
    """Node 1 of operator 1 with a delegator, wallet 1, and a strike at the end of epoch 2."""
    made = Network()
    node = made.node(1, own=2_000)
    made.delegate(node, 1, 500)
    made.settle()
    made.work(node, 10, outcome="timeout")
    return made


@pytest.fixture
def target() -> Iterator[Target]:
    made = Target()
    yield made
    made.server.shutdown()
    made.server.server_close()
