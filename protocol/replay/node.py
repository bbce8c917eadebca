"""A node while its epoch is replayed: the published line, and the figures of the report."""

from __future__ import annotations

from typing import Any

from protocol import performance as rules
from protocol import tiers
from protocol.parameters import Parameters


class ReplayNode:
    """A node of the inputs. `row` collects the figures of its row in the report; names as in the API's epoch rows."""

    __slots__ = (
        "address", "banned", "cooldown_until", "created", "executed", "generation", "honest_reward", "line",
        "pending_shares", "pool_shares", "pool_tokens", "row", "self_stake", "slashed", "weight",
    )  # fmt: skip

    def __init__(self, line: dict[str, Any]) -> None:
        self.line = line
        self.address: str = line["address"]
        self.banned: bool = line["banned"]
        self.cooldown_until: int = line["cooldown_until"]
        self.self_stake: int = line["self_stake"]
        self.pool_tokens: int = line["pool_tokens"]
        self.pool_shares: int = line["pool_shares"]
        self.pending_shares: int = line["pending_shares"]
        self.generation: int = line["generation"]
        self.weight = self.slashed = self.honest_reward = self.created = 0
        self.executed: list[str] = []
        self.row: dict[str, Any] = {}


def measure(nodes: list[ReplayNode], demand: dict[str, int], params: Parameters) -> None:
    """SLA, uptime, latency, scarcity and Q of every node from its counters (R23–R28)."""
    averages: dict[str, int] = {}
    supply: dict[str, int] = {}
    for node in nodes:
        line = node.line
        latency = rules.average_latency(line["latency_count"], line["latency_sum"])
        node.row = {
            "status": line["status"],
            "accepted": line["accepted"],
            "good": line["good"],
            "rejected": line["rejected"],
            "credits": line["credits"],
            "sla_bps": rules.sla_bps(line["good"], line["accepted"]),
            "rejection_bps": rules.rejection_bps(line["rejected"], line["accepted"]),
            "uptime_bps": rules.uptime_bps(line["heard"], line["slots"]),
            "latency_ms": latency,
            "variation_bps": rules.variation_bps(
                line["latency_count"], line["latency_sum"], line["latency_squares"]
            ),
        }
        if line["status"] == "active":
            supply[line["region"]] = supply.get(line["region"], 0) + 1
            if latency is not None:
                averages[node.address] = latency
    percentiles = rules.latency_percentiles(averages)
    scarcity = rules.scarcity(demand, supply)
    for node in nodes:
        _judge(node, params, percentiles.get(node.address, 0), scarcity.get(node.line["region"], 0))


def _judge(node: ReplayNode, params: Parameters, percentile: int, scarcity: int) -> None:
    line, row = node.line, node.row
    shares = line["pool_shares"]
    active_pool = line["pool_tokens"] * (shares - line["pending_shares"]) // shares if shares else 0
    effective = line["active_stake"] + active_pool
    degraded = rules.is_degraded(params, row["uptime_bps"], row["rejection_bps"], row["variation_bps"])
    terms = rules.q_factor(params, percentile, row["uptime_bps"], effective, scarcity, row["sla_bps"])
    tier = tiers.tier_of(params, effective)
    row |= {
        "latency_percentile_bps": percentile,
        "scarcity_bps": scarcity,
        "degraded": degraded,
        "q_latency_bps": terms.latency,
        "q_uptime_bps": terms.uptime,
        "q_stake_bps": terms.stake,
        "q_scarcity_bps": terms.scarcity,
        "q_sla_bps": terms.sla,
        "q_bps": rules.cap_degraded(terms.q, degraded),
        "tier": tier,
        "bonus_bps": params.tiers[tier].bonus_bps,
        "active_stake": line["active_stake"],
        "active_delegated": active_pool,
        "delegator_share_bps": line["share_bps"],
    }
