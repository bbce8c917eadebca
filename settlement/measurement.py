"""Step 2: every node with its pool and accumulators, and what it did in the epoch (R22–R28)."""

from __future__ import annotations

from settlement.state import Settlement
from staking.measurement.node_inputs import read_nodes
from staking.measurement.performance import measure


def gather_nodes(work: Settlement) -> None:
    """Read every node as the epoch leaves it, by address, with what is active of its stake (R13, R41)."""
    work.nodes = read_nodes(work.number)
    work.by_id = {node.id: node for node in work.nodes}
    work.by_address = {node.address: node for node in work.nodes}


def measure_performance(work: Settlement) -> None:
    """Step 2. SLA, uptime, latency, scarcity and Q of every node in the epoch that ends."""
    measure(work.nodes, epoch=work.epoch, until=work.epoch.end)
