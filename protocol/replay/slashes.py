"""Slashes of a replayed epoch: offences, refunds, outcomes of disputes, execution (R32–R37, R46)."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from protocol import offences, pools, slashing, tiers, votes
from protocol.parameters import Parameters
from protocol.replay.inputs import EpochInputs, Line
from protocol.replay.node import ReplayNode

Sums = dict[str, int]


class SlashReplay:
    """The slashes of one settlement. `sums`: burned, honest, returned and slashed, in µIFM."""

    def __init__(self, inputs: EpochInputs, nodes: list[ReplayNode]) -> None:
        self.inputs, self.params, self.nodes = inputs, inputs.params, nodes
        self.by_address = {node.address: node for node in nodes}
        self.open = {line["id"]: line for line in inputs.lines["slash"]}
        self.created: list[tuple[ReplayNode, offences.CommittedOffence]] = []
        self.executed = 0
        self.sums: Sums = dict.fromkeys(("burned", "honest", "returned", "slashed"), 0)
        self.buckets: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
        for line in inputs.lines["bucket"]:
            self.buckets[line["node"], line["kind"]].append({**line})
        self.taken: dict[tuple[str, int], list[int]] = {}

    @property
    def accused(self) -> set[str]:
        """The nodes with a slash that is neither executed nor overturned."""
        return {line["node"] for line in self.open.values()} | {node.address for node, _ in self.created}

    def create(self) -> None:
        """Detect offences, refund what was delegated in the epoch, and start cooldowns and bans (R30, R32)."""
        pending: dict[str, list[int]] = defaultdict(list)
        for line in self.inputs.lines["pending"]:
            pending[line["node"]].append(line["shares"])
        for node in self.nodes:
            shown = offences.find_offences(self.params, _counters(node))
            if not shown:
                continue
            if node.pending_shares:
                _refund(node, pending[node.address])
            length = tiers.cooldown_length(self.params, node.row["tier"])
            for offence in shown:
                self.created.append((node, offence))
                node.created += 1
                node.banned = node.banned or offence.effect == "ban"
                if offence.effect == "cooldown":
                    end = offences.cooldown_end(self.inputs.epoch, length)
                    node.cooldown_until = max(node.cooldown_until, end)

    def count_votes(self) -> None:
        """Overturn the slashes whose disputes end so; the others are due (R46)."""
        for line in self.inputs.lines["dispute"]:
            tally = {name: line[name] for name in votes.DISPUTE_CHOICES}
            outcome, _ = votes.dispute_outcome(tally, line["quorum_bps"], line["quorum_base"])
            slash = self.open.get(line["slash"])
            if outcome == "overturned" and slash is not None:
                del self.open[line["slash"]]
                node = self.by_address[slash["node"]]
                node.banned, node.cooldown_until = line["banned_without"], line["cooldown_without"]

    def execute(self) -> None:
        """Execute the slashes that are due, in the protocol's order (R33–R36)."""
        accused = self.accused
        honest = [node for node in self.nodes if _is_honest(self.params, node, node.address in accused)]
        due = [line for line in self.open.values() if line["due_epoch"] <= self.inputs.epoch]
        due.sort(key=lambda line: slashing.execution_key(line["epoch"], line["node"], line["offence"]))
        for line in due:
            self._execute(line, honest)
            del self.open[line["id"]]
            self.executed += 1

    def _execute(self, line: Line, honest: list[ReplayNode]) -> None:
        node = self.by_address[line["node"]]
        event = (line["node"], line["epoch"])
        taken = self.taken.setdefault(event, [line["taken_self"], line["taken_delegated"]])
        own, own_taken = self._take(
            line, node.self_stake, "self", line["self_bps"], line["base_self"], taken[0]
        )
        pool, pool_taken = self._take(
            line, node.pool_tokens, "delegated", line["delegated_bps"], line["base_delegated"], taken[1]
        )
        taken[0] += sum(own_taken)
        taken[1] += sum(pool_taken)
        total = sum(own_taken) + sum(pool_taken)
        split = slashing.split_slash(total, sum(pool_taken), self.params, node.line["custodial"])
        back = slashing.give_back(split.returned, pool_taken)
        lost = [amount - part for amount, part in zip(pool_taken, back, strict=True)]
        for bucket, loss in zip([*own, *pool], [*own_taken[1:], *lost[1:]], strict=True):
            bucket["tokens"] -= loss
        node.self_stake -= own_taken[0]
        node.pool_tokens -= lost[0]
        if lost[0] and pools.is_void(node.pool_tokens, node.pool_shares):
            node.generation += 1
            node.pool_shares = 0
        receivers = [other for other in honest if other.line["operator"] != node.line["operator"]]
        parts, _ = slashing.share_honest(split.honest, [other.weight for other in receivers])
        for other, part in zip(receivers, parts, strict=True):
            other.honest_reward += part
        node.slashed += total
        node.executed.append(line["offence"])
        for name, amount in (*split._asdict().items(), ("slashed", total)):
            self.sums[name] += amount

    def _take(
        self, line: Line, bonded: int, kind: str, rate: int, base: int, taken: int
    ) -> tuple[list[dict[str, Any]], list[int]]:
        """The liable buckets of a side, oldest first, and the µIFM taken from its bonded part and each of them."""
        buckets = [
            bucket
            for bucket in sorted(self.buckets[line["node"], kind], key=lambda bucket: int(bucket["epoch"]))
            if bucket["epoch"] >= line["epoch"] and bucket["tokens"] > 0
        ]
        parts = [bonded, *(bucket["tokens"] for bucket in buckets)]
        amount = slashing.due(rate, base, taken, sum(parts))
        return buckets, slashing.take_from_parts(amount, parts)


def _counters(node: ReplayNode) -> offences.Counters:
    line = node.line
    return offences.Counters(
        line["accepted"], node.row["sla_bps"], line["invalid"], line["forged"], line["dropped"],
        line["mismatched"], line["fake_resources"], line["strikes"],
    )  # fmt: skip


def _refund(node: ReplayNode, pending: list[int]) -> None:
    node.pool_tokens -= sum(pools.refund(pending, node.pool_tokens, node.pool_shares))
    node.pool_shares -= node.pending_shares
    node.pending_shares = 0


def _is_honest(params: Parameters, node: ReplayNode, slashed: bool) -> bool:
    active, sla = node.line["status"] == "active", node.row["sla_bps"]
    return slashing.is_honest(params, active=active, weight=node.weight, sla=sla, slashed=slashed)
