"""Steps 3 and 4 on the plain model: the work of every node, and what it earns."""

from __future__ import annotations

from collections import defaultdict
from math import isqrt
from typing import Any

from tests.reference.model import Model
from tests.reference.state import BPS, SCALE, TIERS, Node

# 2. performance (R23–R28)


def measure(net: Model) -> None:
    for address, row in net.rows.items():
        jobs = [job for job in net.jobs if job["node"] == address]
        row["status"] = net.status(address)
        row["accepted"] = sum(job["outcome"] != "rejected" for job in jobs)
        row["rejected"] = len(jobs) - row["accepted"]
        row["good"] = sum(job["good"] for job in jobs)
        row["credits"] = sum(job["credits"] for job in jobs if job["good"])
        for proof in ("invalid", "forged"):
            row[proof] = sum(job["proof"] == proof for job in jobs)
        row["dropped"] = sum(job["outcome"] == "dropped" for job in jobs)
        row["mismatched"] = sum(job["outcome"] == "schema_mismatch" for job in jobs)
        row["sla_bps"] = BPS * row["good"] // row["accepted"] if row["accepted"] else None
        row["rejection_bps"] = BPS * row["rejected"] // len(jobs) if jobs else 0
        net.nodes[address].latencies += [job["latency"] for job in jobs if job["good"]]
        row["uptime_bps"] = _uptime(net, net.nodes[address])
        _latency(net, net.nodes[address], row)
    _compare(net)
    for address, row in net.rows.items():
        _q(net, net.nodes[address], row)


def _uptime(net: Model, node: Node) -> int:
    slot = net.params["heartbeat_slot_seconds"]
    counted = [
        number
        for number in range(net.params["epoch_seconds"] // slot)
        if net.start + (number + 1) * slot > node.registered
    ]
    active = [address for address in net.rows if net.status(address) == "active"]
    # A slot counts when at least heard_quorum_bps of the active nodes were heard in it.
    counted = [
        number
        for number in counted
        if BPS * sum((address, number) in net.beats for address in active)
        >= net.params["heard_quorum_bps"] * len(active)
    ]
    if not counted or not net.beats:
        return BPS
    return BPS * sum((node.address, number) in net.beats for number in counted) // len(counted)


def _latency(net: Model, node: Node, row: dict[str, Any]) -> None:
    window = node.latencies[-net.params["latency_window_jobs"] :]
    n, total, squares = len(window), sum(window), sum(ms * ms for ms in window)
    row["latency_ms"] = total // n if n else None
    row["variation_bps"] = isqrt(10**8 * (n * squares - total**2) // total**2) if total else 0


def _compare(net: Model) -> None:
    active = [address for address, row in net.rows.items() if row["status"] == "active"]
    known = {a: net.rows[a]["latency_ms"] for a in active if net.rows[a]["latency_ms"] is not None}
    accepted = [job["region"] for job in net.jobs if job["outcome"] != "rejected"]
    supply: dict[str, int] = defaultdict(int)
    for address in active:
        supply[net.nodes[address].region] += 1
    for address, row in net.rows.items():
        slower = sum(other > known[address] for other in known.values()) if address in known else 0
        row["latency_percentile_bps"] = (
            0 if address not in known else BPS * slower // (len(known) - 1) if len(known) > 1 else BPS
        )
        region = net.nodes[address].region
        row["scarcity_bps"] = 0
        if supply[region] and accepted:
            # demand / supply − 1 over one denominator
            above = accepted.count(region) * len(active) - supply[region] * len(accepted)
            row["scarcity_bps"] = min(max(BPS * above // (supply[region] * len(accepted)), 0), BPS)


def _q(net: Model, node: Node, row: dict[str, Any]) -> None:
    p = net.params
    row["active_stake"] = node.own - node.own_pending
    row["active_shares"] = node.shares - node.pending
    row["active_pool"] = node.tokens * row["active_shares"] // node.shares if node.shares else 0
    stake = row["active_stake"] + row["active_pool"]
    row["q_latency"] = p["q_latency_bps"] * row["latency_percentile_bps"] // BPS
    span = BPS - p["uptime_floor_bps"]
    uptime = p["q_uptime_bps"] * (row["uptime_bps"] - p["uptime_floor_bps"]) // span
    row["q_uptime"] = max(-p["q_uptime_bps"], min(uptime, p["q_uptime_bps"]))
    row["q_stake"] = p["q_stake_bps"] * min(stake, p["q_stake_saturation"]) // p["q_stake_saturation"]
    row["q_scarcity"] = p["q_scarcity_bps"] * row["scarcity_bps"] // BPS
    raw = BPS + row["q_latency"] + row["q_uptime"] + row["q_stake"] + row["q_scarcity"]
    low, full, sla = p["sla_threshold_bps"], p["sla_full_bps"], row["sla_bps"]
    if sla is None or sla >= full:
        row["q_sla"] = BPS
    else:
        row["q_sla"] = 5_000 if sla < low else 5_000 + 5_000 * (sla - low) // (full - low)
    row["degraded"] = (
        row["uptime_bps"] < p["uptime_floor_bps"]
        or row["rejection_bps"] > p["rejection_limit_bps"]
        or row["variation_bps"] > p["latency_cv_limit_bps"]
    )
    row["q_bps"] = max(raw * row["q_sla"] // BPS, 1_000)
    if row["degraded"]:
        row["q_bps"] = min(row["q_bps"], BPS)
    row["tier"] = max(number for number, tier in enumerate(TIERS) if tier[0] <= stake)


# 3. rewards (R39–R41)


def reward(net: Model) -> None:
    net.move("issuance", "reward_pool", net.params["emission_per_epoch"])
    pool = net.accounts["reward_pool"]
    for address, row in net.rows.items():
        suspended = net.is_banned(address) or net.cooldown(address) >= net.epoch
        barred = suspended or row["invalid"] or row["forged"]
        row["weight"] = 0 if barred else row["credits"] * (BPS + TIERS[row["tier"]][1]) * row["q_bps"]
    total = sum(row["weight"] for row in net.rows.values())
    for address, row in net.rows.items():
        row["reward"] = pool * row["weight"] // total if total else 0
        row["operator_reward"], row["delegators_reward"] = credit(net.nodes[address], row, row["reward"])
        net.move("reward_pool", f"rewards:{address}", row["reward"])
    net.report |= {"pool": pool, "carry": net.accounts["reward_pool"]}


def credit(node: Node, row: dict[str, Any], amount: int) -> tuple[int, int]:
    own, pool, active = row["active_stake"], row["active_pool"], row["active_shares"]
    delegators = amount * pool // (own + pool) * node.share // BPS if pool else 0
    node.operator_owed += amount - delegators
    node.operator_ever += amount - delegators
    row["to_index"] = row.get("to_index", 0) + delegators
    if delegators:
        delta, node.carry = divmod(delegators * SCALE + node.carry, active)
        node.index += delta
        for position in node.positions.values():
            position.owed += (position.shares - position.pending) * delta
            position.ever += (position.shares - position.pending) * delta
    return amount - delegators, delegators
