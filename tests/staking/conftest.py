from __future__ import annotations

import pytest

from tests.network import Network


@pytest.fixture
def net(db: None) -> Network:
    """The network of section 3, on which nothing is minted, so that only what is told moves."""
    return Network(emission_per_epoch="0")
