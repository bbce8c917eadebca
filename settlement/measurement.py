"""Steps 2 and 3: read every node, and measure its work in the epoch (R22–R28)."""

from __future__ import annotations

from settlement.state import Settlement
from staking.measurement import node_inputs
from staking.measurement.performance import measure


def read_nodes(settlement: Settlement) -> None:
    """Step 2. Read every node at the end of the epoch, by address, with its active stake (R13, R41)."""
    settlement.nodes = node_inputs.read_nodes(settlement.number)
    settlement.by_id = {node.id: node for node in settlement.nodes}
    settlement.by_address = {node.address: node for node in settlement.nodes}


def measure_performance(settlement: Settlement) -> None:
    """Step 3. Measure SLA, uptime, latency, scarcity and Q of every node over the whole epoch."""
    measure(settlement.nodes, epoch=settlement.epoch, until=settlement.epoch.end)
