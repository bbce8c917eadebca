from __future__ import annotations

from tests.network import Network
from tests.shared_rows import shared


@shared
def net() -> Network:
    """The network of section 3, on which nothing is minted, so that only the actions of the test move tokens."""
    return Network(emission_per_epoch="0")
