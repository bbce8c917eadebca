from __future__ import annotations

import pytest

from tests.network import Network
from tests.oracle import machines


@pytest.fixture
def network(db: None) -> Network:
    """The first epoch of 2026-01-01, with machines 0, 1 and 2; every slot counts."""
    made = Network(heard_quorum_bps=0)
    machines.register(3)
    return made
