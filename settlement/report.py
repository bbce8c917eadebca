"""Step 14: the epoch's report, with a row for each node and their Merkle root (R51).

Figure: the same, all other steps
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from operator import attrgetter

from django.db import connection

from ledger.numbering import number_transactions
from postgres.model_rows import columns
from protocol.exits import exit_leaves
from protocol.merkle import Leaf, MerkleTree
from settlement.inputs import publish
from settlement.state import Settlement
from staking.measurement.latency import resize_windows
from staking.models import EpochTree, NodeEpoch
from staking.services.epochs import parameters_in, parameters_of

# The columns of a row besides its key; a NodeState has an attribute of each name.
COLUMNS = tuple(name for name in columns(NodeEpoch) if name not in ("epoch", "node_id"))

# Nodes that are degraded in this epoch and were not in the last one.
DEGRADED = """
INSERT INTO staking_event (kind, at, epoch, node_id, wallet, data)
SELECT 'node_degraded', %(at)s, row.epoch, row.node_id, '', jsonb_build_object(
  'uptime_bps', row.uptime_bps, 'rejection_bps', row.rejection_bps)
FROM staking_nodeepoch row
JOIN staking_nodeepoch before ON before.node_id = row.node_id AND before.epoch = row.epoch - 1
WHERE row.epoch = %(epoch)s AND row.degraded AND NOT before.degraded AND row.status = 'active' ORDER BY row.node_id
"""

BLOCK = 500

_values = attrgetter("id", *COLUMNS)


def write_report(settlement: Settlement) -> None:
    """Step 14. Write a row for each node by COPY; compute totals, Merkle root and a hash of all results.

    Also publish the inputs, and number and chain the epoch's ledger transactions (R9).
    """
    _resize_windows(settlement)
    plan = sha256(f"{settlement.pool}\n".encode())
    with connection.cursor() as cursor:
        statement = f"COPY staking_nodeepoch (epoch, node_id, {', '.join(COLUMNS)}) FROM STDIN"
        with cursor.copy(statement) as copy:
            for rows in _rows(settlement):
                copy.write(rows)
                plan.update(rows)
            # Meanwhile the server writes the last rows.
            tree = MerkleTree(leaves(settlement))
        cursor.execute(DEGRADED, {"epoch": settlement.number, "at": settlement.now})
    settlement.merkle_root = "0x" + tree.root.hex()
    EpochTree.objects.create(epoch=settlement.number, hashes=tree.to_bytes())
    publish(settlement)
    settlement.totals = _totals(settlement)
    plan.update(settlement.merkle_root.encode())
    settlement.plan_hash = plan.hexdigest()
    # No step after this one posts.
    settlement.journal = number_transactions()


def _resize_windows(settlement: Settlement) -> None:
    """Adapt the windows of R24 when the next epoch has another latency_window_jobs."""
    parameters = parameters_of(parameters_in(settlement.number + 1).digest)
    resize_windows(
        settlement.nodes,
        epoch=settlement.number,
        size=settlement.params.latency_window_jobs,
        next_size=parameters.latency_window_jobs,
    )


def leaves(settlement: Settlement) -> list[Leaf]:
    """A `reward` leaf for each node, a `slash` leaf for each slashed one, the leaves of exits (R51, R55)."""
    number = settlement.number
    rewards = [
        Leaf("reward", node.address, node.reward + node.honest_reward, number) for node in settlement.nodes
    ]
    slashes = [Leaf("slash", node.address, node.slashed, number) for node in settlement.nodes if node.slashed]
    exits = [leaf for wallet, sums in settlement.exits.items() for leaf in exit_leaves(wallet, sums, number)]
    return rewards + slashes + exits


def _rows(settlement: Settlement) -> Iterator[bytes]:
    """The nodes' rows in blocks, so that the server writes one while the next is formatted."""
    line = f"{settlement.number}\t%s" + "\t%s" * len(COLUMNS) + "\n"
    for first in range(0, len(settlement.nodes), BLOCK):
        text = "".join([line % _values(node) for node in settlement.nodes[first : first + BLOCK]])
        # Only an unknown value is formatted as None: the status is the only text column.
        yield text.replace("None", "\\N").encode()


def _totals(settlement: Settlement) -> dict[str, int]:
    names = ("accepted", "good", "rejected", "operator_reward", "delegators_reward", "honest_reward")
    totals = {name: sum(getattr(node, name) for node in settlement.nodes) for name in names}
    totals["nodes"] = len(settlement.nodes)
    totals["rewarded"] = sum(1 for node in settlement.nodes if node.reward)
    totals["active"] = sum(1 for node in settlement.nodes if node.status == "active")
    totals["slashes_created"] = len(settlement.created)
    totals["slashes_executed"] = len(settlement.executed)
    totals["self_stake"] = sum(node.self_stake for node in settlement.nodes)
    totals["pool_tokens"] = sum(node.pool_tokens for node in settlement.nodes)
    totals["late"] = sum(node.late_stake + node.late_pool for node in settlement.nodes)
    return totals
