"""Step 10: the epoch's report, its rows and the root that proves them (R51)."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from operator import attrgetter

from django.db import connection

from protocol.merkle import Leaf, MerkleTree
from settlement.state import Settlement

COLUMNS = (
    "status", "accepted", "good", "rejected", "dropped", "mismatched", "invalid", "forged", "sla_bps",
    "rejection_bps", "uptime_bps", "latency_ms", "latency_count", "latency_sum", "latency_squares",
    "variation_bps", "latency_percentile_bps", "scarcity_bps", "degraded", "q_latency", "q_uptime", "q_stake",
    "q_scarcity", "q_sla", "q_bps", "tier", "bonus_bps", "credits", "weight", "active_stake", "active_pool",
    "active_shares", "share_bps", "reward", "operator_reward", "delegators_reward", "honest_reward",
    "honest_operator", "slashed", "operator_earned", "reward_index", "index_carry", "penalty_bps", "reputation",
    "self_stake", "generation", "pool_tokens", "pool_shares",
)  # fmt: skip

PIECE = 500

_values = attrgetter("id", *COLUMNS)


def write_report(work: Settlement) -> None:
    """Step 10. One row a node by COPY, the totals, the Merkle root, and a hash of everything decided."""
    plan = sha256(f"{work.pool}\n".encode())
    with connection.cursor() as cursor:
        statement = f"COPY staking_nodeepoch (epoch, node_id, {', '.join(COLUMNS)}) FROM STDIN"
        with cursor.copy(statement) as copy:
            for rows in _rows(work):
                copy.write(rows)
                plan.update(rows)
            # The server has the last rows to itself meanwhile.
            work.merkle_root = "0x" + MerkleTree(leaves(work)).root.hex()
    work.totals = _totals(work)
    plan.update(work.merkle_root.encode())
    work.plan_hash = plan.hexdigest()


def leaves(work: Settlement) -> list[Leaf]:
    """A `reward` leaf for each registered node, then a `slash` leaf for each slashed one, by address (R51)."""
    number = work.number
    rewards = [Leaf("reward", node.address, node.reward + node.honest_reward, number) for node in work.nodes]
    slashes = [Leaf("slash", node.address, node.slashed, number) for node in work.nodes if node.slashed]
    return rewards + slashes


def _rows(work: Settlement) -> Iterator[bytes]:
    """The nodes' rows in pieces, so that the server takes one in while the next is made."""
    line = f"{work.number}\t%s" + "\t%s" * len(COLUMNS) + "\n"
    for first in range(0, len(work.nodes), PIECE):
        text = "".join([line % _values(node) for node in work.nodes[first : first + PIECE]])
        # No value but an unknown one is written so: the only words among the columns are those of the status.
        yield text.replace("None", "\\N").encode()


def _totals(work: Settlement) -> dict[str, int]:
    names = ("accepted", "good", "rejected", "operator_reward", "delegators_reward", "honest_reward")
    totals = {name: sum(getattr(node, name) for node in work.nodes) for name in names}
    totals["nodes"] = len(work.nodes)
    totals["rewarded"] = sum(1 for node in work.nodes if node.reward)
    totals["active"] = sum(1 for node in work.nodes if node.status == "active")
    totals["slashes_created"] = len(work.created)
    totals["slashes_executed"] = len(work.executed)
    totals["self_stake"] = sum(node.self_stake for node in work.nodes)
    totals["pool_tokens"] = sum(node.pool_tokens for node in work.nodes)
    return totals
