from __future__ import annotations

from tests.network import Network
from tests.shared_rows import shared

# Nodes of the same weight: Q is 10,000 for all, so that rewards and honest parts go by credits alone.
FLAT = {"q_stake_bps": 0, "q_latency_bps": 0, "q_scarcity_bps": 0, "q_uptime_bps": 0}


@shared
def net() -> Network:
    """The network of section 3, on which nothing is minted, so that only the actions of the test move tokens."""
    return Network(emission_per_epoch="0", **FLAT)
