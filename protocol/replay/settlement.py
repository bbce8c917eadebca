"""The settlement of an epoch from its inputs, up to the rows of the report, its sums and its root (S)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from protocol import performance, pools, rewards
from protocol.errors import ProtocolError
from protocol.exits import TokenSums, exit_leaves, sums_after_exit
from protocol.merkle import Leaf, MerkleTree
from protocol.replay.inputs import EpochInputs
from protocol.replay.node import ReplayNode, measure
from protocol.replay.slashes import SlashReplay

# Amounts that a row adds up in the totals of the report.
_SUMMED = ("accepted", "good", "rejected", "operator_reward", "delegators_reward", "honest_reward")


@dataclass(frozen=True, slots=True)
class Result:
    """The report of an epoch: rows by address, its figures, its totals; amounts in µIFM."""

    rows: dict[str, dict[str, Any]]
    figures: dict[str, Any]
    totals: dict[str, int]


def settle(inputs: EpochInputs) -> Result:
    """Settle the epoch of the inputs (S)."""
    params = inputs.params
    nodes = [ReplayNode(line) for line in inputs.nodes]
    demand: dict[str, int] = {}
    for line in inputs.lines["demand"]:
        demand[line["region"]] = demand.get(line["region"], 0) + line["jobs"]
    measure(nodes, demand, params)
    figures = _distribute(inputs, nodes)
    slashes = SlashReplay(inputs, nodes)
    slashes.create()
    slashes.count_votes()
    slashes.execute()
    _redelegate(inputs, slashes)
    for node in nodes:
        _finish(node, inputs)
    rows = {node.address: node.row for node in nodes}
    figures |= slashes.sums
    figures["merkle_root"] = root_of_rows(rows, inputs)
    return Result(rows, figures, _totals(nodes, slashes))


def root_of_rows(rows: Mapping[str, Mapping[str, Any]], inputs: EpochInputs) -> str:
    """The root of an epoch's tree from the rows of its report and its exits (R51, R55)."""
    number = inputs.epoch
    leaves = []
    for address, row in rows.items():
        leaves.append(Leaf("reward", address, row["reward"] + row["honest_reward"], number))
        if row["slashed"]:
            leaves.append(Leaf("slash", address, row["slashed"], number))
    for line in inputs.lines["exit"]:
        former = TokenSums(line["minted"], line["burned"], line["released"])
        sums = sums_after_exit(former, line["amount"], total=line["total"], deposited=line["deposited"])
        leaves += exit_leaves(line["wallet"], sums, number)
    return "0x" + MerkleTree(leaves).root.hex()


def _distribute(inputs: EpochInputs, nodes: list[ReplayNode]) -> dict[str, Any]:
    """Weights, rewards and their split; the sums of the pool (R39–R41)."""
    for node in nodes:
        line, row = node.line, node.row
        suspended = line["banned"] or line["cooldown_until"] >= inputs.epoch
        barred = suspended or line["invalid"] > 0 or line["forged"] > 0
        node.weight = rewards.weight(line["credits"], row["bonus_bps"], row["q_bps"], barred=barred)
        row["weight"] = node.weight
    minted = inputs.params.emission_per_epoch
    pool = inputs.header["carry_in"] + minted
    shares, carry = rewards.distribute(pool, [node.weight for node in nodes])
    for node, reward in zip(nodes, shares, strict=True):
        row = node.row
        row["reward"] = reward
        row["operator_reward"], row["delegators_reward"] = rewards.split_reward(
            reward, row["active_stake"], row["active_delegated"], row["delegator_share_bps"]
        )
    return {
        "carry_in": inputs.header["carry_in"], "minted": minted, "pool": pool, "distributed": pool - carry,
        "carry": carry,
    }  # fmt: skip


def _redelegate(inputs: EpochInputs, slashes: SlashReplay) -> None:
    """Move redelegations from pool to pool, in the order in which they were recorded (R19)."""
    held = {
        (line["node"], line["wallet"]): line["shares"]
        for line in inputs.lines["position"]
        if line["generation"] == slashes.by_address[line["node"]].generation
    }
    accused = slashes.accused
    for line in inputs.lines["redelegation"]:
        source, target = slashes.by_address[line["from"]], slashes.by_address[line["to"]]
        if source.address not in accused and _accepts(target, target.address in accused, inputs.epoch):
            _move(source, target, line["wallet"], line["amount"], held)


def _accepts(node: ReplayNode, accused: bool, epoch: int) -> bool:
    return not (accused or node.banned or node.line["retired"] or node.cooldown_until > epoch)


def _move(
    source: ReplayNode, target: ReplayNode, wallet: str, amount: int, held: dict[tuple[str, str], int]
) -> None:
    """Move up to `amount` µIFM of a position; nothing when the target does not take it."""
    gives, takes = (source.address, wallet), (target.address, wallet)
    cap = target.line["delegation_cap"]
    try:
        value = pools.value_of(held.get(gives, 0), source.pool_tokens, source.pool_shares)
        moved, burned = pools.redeem_shares(
            min(amount, value), held.get(gives, 0), source.pool_tokens, source.pool_shares
        )
        if cap is not None and target.pool_tokens + moved > cap:
            return
        issued = pools.issue_shares(moved, target.pool_tokens, target.pool_shares, held.get(takes, 0))
    except ProtocolError:
        return
    source.pool_tokens, source.pool_shares = source.pool_tokens - moved, source.pool_shares - burned
    target.pool_tokens, target.pool_shares = target.pool_tokens + moved, target.pool_shares + issued
    held[gives] = held.get(gives, 0) - burned
    held[takes] = held.get(takes, 0) + issued


def _finish(node: ReplayNode, inputs: EpochInputs) -> None:
    """Penalty, reputation and stake of the node at the close (R31, R38)."""
    params, line, row = inputs.params, node.line, node.row
    row["honest_reward"], row["slashed"] = node.honest_reward, node.slashed
    row["self_stake"], row["delegated"] = node.self_stake, node.pool_tokens
    row["penalty_bps"] = rewards.next_penalty(
        params,
        line["former_penalty"],
        line["accepted"] - line["good"],
        params.tiers[row["tier"]].severity_bps,
        high_performer=performance.is_high_performer(params, line["former_q"]),
        slashes=node.created,
    )
    row["reputation"] = rewards.next_reputation(
        params,
        line["former_reputation"],
        row["sla_bps"],
        len(node.executed),
        node.executed.count("forged_trace"),
    )


def _totals(nodes: list[ReplayNode], slashes: SlashReplay) -> dict[str, int]:
    rows = [node.row for node in nodes]
    totals = {name: _sum(rows, name) for name in _SUMMED}
    return totals | {
        "nodes": len(rows),
        "rewarded": sum(1 for row in rows if row["reward"]),
        "active": sum(1 for row in rows if row["status"] == "active"),
        "slashes_created": len(slashes.created),
        "slashes_executed": slashes.executed,
        "self_stake": _sum(rows, "self_stake"),
        "pool_tokens": _sum(rows, "delegated"),
    }


def _sum(rows: Iterable[Mapping[str, Any]], name: str) -> int:
    return sum(row[name] for row in rows)
