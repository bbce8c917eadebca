from __future__ import annotations

import pytest

from tests.network import Network


@pytest.fixture
def net(db: None) -> Network:
    """The network of section 3."""
    return Network()
