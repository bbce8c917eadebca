from __future__ import annotations

from tests.network import Network
from tests.shared_rows import shared


@shared
def net() -> Network:
    """The network of section 3."""
    return Network()
