"""The plain model's books: reads, and the rules that several actions share."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from tests.reference.state import (
    OFFENCES,
    PARAMETERS,
    SCALE,
    Bucket,
    Dispute,
    Entry,
    Node,
    Proposal,
    Redelegation,
    Refused,
    Slash,
)


class Books:
    """The state of a network, and what several actions ask of it or do to it."""

    def __init__(self, **parameters: int) -> None:
        self.params = {**PARAMETERS, **parameters}
        self.offences = dict(OFFENCES)
        self.now = 0
        self.epoch = 1
        self.start = 0
        self.accounts: dict[str, int] = defaultdict(int)
        self.nodes: dict[str, Node] = {}
        self.buckets: dict[tuple[str, str, int], Bucket] = {}
        self.entries: list[Entry] = []
        self.slashes: list[Slash] = []
        self.disputes: list[Dispute] = []
        self.proposals: list[Proposal] = []
        # In force from the next epoch on.
        self.next_params = dict(self.params)
        self.redelegations: list[Redelegation] = []
        self.jobs: list[dict[str, Any]] = []
        self.beats: set[tuple[str, int]] = set()
        self.faked: set[str] = set()
        self.powers: dict[int, tuple[dict[str, int], int]] = {1: ({}, 0)}
        self.rows: dict[str, dict[str, Any]] = {}
        # (epoch, node, wallet) → µIFM
        self.earned: dict[tuple[int, str, str], int] = {}
        self.report: dict[str, Any] = {}

    @property
    def end(self) -> int:
        return self.start + self.params["epoch_seconds"]

    @property
    def newest(self) -> int:
        """R13: the newest epoch that has begun by the clock, as long as the open one if settlement is late."""
        late = self.now - self.end
        return self.epoch if late < 0 else self.epoch + 1 + late // self.params["epoch_seconds"]

    # what is asked again and again

    def move(self, source: str, target: str, amount: int) -> None:
        self.accounts[source] -= amount
        self.accounts[target] += amount

    def is_accused(self, node: str) -> bool:
        return any(slash.pending and slash.node == node for slash in self.slashes)

    def is_banned(self, node: str) -> bool:
        return any(s.ban and s.node == node and s.status != "overturned" for s in self.slashes)

    def cooldown(self, node: str) -> int:
        ends = [s.cooldown for s in self.slashes if s.node == node and s.status != "overturned"]
        return max(ends, default=0)

    def status(self, node: str) -> str:
        if self.is_banned(node):
            return "banned"
        if self.nodes[node].retired:
            return "retired"
        return "cooldown" if self.cooldown(node) >= self.epoch else "active"

    def is_held(self, entry: Entry) -> bool:
        return any(s.pending and s.node == entry.node and s.epoch <= entry.epoch for s in self.slashes)

    def value(self, node: str, wallet: str) -> int:
        pool = self.nodes[node]
        return pool.positions[wallet].shares * pool.tokens // pool.shares if pool.shares else 0

    def worth(self, entry: Entry) -> int:
        bucket = self.buckets[entry.node, entry.kind, entry.epoch]
        if entry.shares == bucket.shares:
            return bucket.tokens
        return entry.shares * bucket.tokens // bucket.shares

    def wallet(self, address: str) -> tuple[int, int, int, int, int]:
        """Available, staked, delegated, unbonding and claimable, µIFM."""
        nodes = self.nodes.values()
        own = [node for node in nodes if node.operator == address]
        return (
            self.accounts[f"wallet:{address}"],
            sum(node.own for node in own),
            sum(self.value(node.address, address) for node in nodes),
            sum(
                self.worth(entry)
                for entry in self.entries
                if (entry.wallet, entry.status) == (address, "open")
            ),
            sum(node.positions[address].owed // SCALE for node in nodes)
            + sum(node.operator_owed for node in own),
        )

    # rules that several actions share

    def admit(self, node: Node, wallet: str, amount: int, *, all_of_nothing: bool = False) -> None:
        """R12, in its order, for delegated tokens of a wallet."""
        self.stand(node)
        if self.is_accused(node.address):
            raise Refused("pending_slash")
        if self.cooldown(node.address) >= self.epoch:
            raise Refused("node_cooldown")
        if node.cap is not None and node.tokens + amount > node.cap:
            raise Refused("delegation_cap_exceeded")
        if not all_of_nothing and self.is_dust(node, wallet, amount):
            raise Refused("amount_too_small")

    def is_dust(self, node: Node, wallet: str, amount: int) -> bool:
        """R14, R15: no share would be issued, or all that the wallet then holds would be worth 0."""
        issued = amount * node.shares // node.tokens if node.shares else amount
        held = node.positions[wallet].shares + issued
        return issued == 0 or held * (node.tokens + amount) // (node.shares + issued) == 0

    def stand(self, node: Node) -> None:
        if self.is_banned(node.address):
            raise Refused("node_banned")
        if node.retired:
            raise Refused("node_retired")

    def issue(self, node: Node, wallet: str, amount: int, active: tuple[int, int] = (0, 1)) -> int:
        """R14, R18: shares for tokens that the caller moves; the fraction `active` of them is active at once."""
        issued = amount * node.shares // node.tokens if node.shares else amount
        node.tokens += amount
        node.shares += issued
        node.positions[wallet].shares += issued
        self.make(node.positions[wallet].made, self.newest, issued - issued * active[0] // active[1])
        return issued

    def make(self, made: dict[int, int], epoch: int, amount: int) -> None:
        made[epoch] = made.get(epoch, 0) + amount

    def unmake(self, made: dict[int, int], amount: int) -> dict[int, int]:
        """R15, R16: what pending parts bear of an amount, those made last first; by epoch."""
        taken = {}
        for epoch in sorted(made, reverse=True):
            taken[epoch] = min(made[epoch], amount - sum(taken.values()))
            made[epoch] -= taken[epoch]
        return taken

    def burn(self, node: Node, wallet: str, amount: int | None) -> tuple[int, int, dict[int, int]]:
        """R15: µIFM paid, shares burned, and those of them that were pending, by epoch."""
        position, value = node.positions[wallet], self.value(node.address, wallet)
        everything = position.shares
        burned = (
            everything
            if amount in (None, value)
            else min(-(-amount * node.shares // node.tokens), everything)
        )
        rest = everything - burned
        if amount is None or rest == 0 or rest * (node.tokens - amount) // (node.shares - burned) == 0:
            amount, burned = value, everything
        if burned == node.shares:
            amount = node.tokens
        pending = self.unmake(position.made, burned)
        position.shares -= burned
        node.tokens -= amount
        node.shares -= burned
        return amount, burned, pending

    def clear_dust(self, node: Node, wallet: str) -> None:
        """R15: shares worth 0 do not survive an operation of their owner."""
        if self.value(node.address, wallet) == 0:
            self.burn(node, wallet, None)

    def above_zero(self, amount: int | None) -> None:
        if amount == 0:
            raise Refused("amount_too_small")

    def enough(self, amount: int) -> None:
        if amount < self.params["min_amount"]:
            raise Refused("amount_too_small")

    def afford(self, wallet: str, amount: int) -> None:
        if self.accounts[f"wallet:{wallet}"] < amount:
            raise Refused("insufficient_balance")

    def check_way_out(self, source: str, wallet: str) -> None:
        leaving = any(e.status == "open" and (e.node, e.kind) == (source, "self") for e in self.entries)
        if leaving and not self.is_banned(source):
            raise Refused("node_unbonding")
        came = self.nodes[source].positions[wallet].redelegated_end
        if came is not None and self.now < came + self.params["unbonding_seconds"]:
            raise Refused("redelegation_hop")

    def enter_bucket(
        self, account: str, node: str, wallet: str, kind: str, amount: int, burned: int, active: int
    ) -> None:
        bucket = self.buckets.setdefault((node, kind, self.epoch), Bucket())
        issued = amount * bucket.shares // bucket.tokens if bucket.shares else amount
        bucket.tokens += amount
        bucket.shares += issued
        matures = self.now + self.params["unbonding_seconds"]
        self.entries.append(Entry(node, wallet, kind, self.epoch, issued, matures, burned, active))
        self.move(account, f"unbonding:{node}", amount)

    def own_entry(self, number: int, wallet: str) -> Entry:
        entry = self.entries[number]
        if entry.wallet != wallet:
            raise Refused("not_found")
        if entry.status != "open":
            raise Refused("unbonding_closed")
        return entry

    def close_entry(self, entry: Entry, status: str) -> int:
        amount = self.worth(entry)
        bucket = self.buckets[entry.node, entry.kind, entry.epoch]
        bucket.tokens -= amount
        bucket.shares -= entry.shares
        entry.status, entry.paid = status, amount
        return amount

    def take_owed(self, node: str, wallet: str) -> int:
        state = self.nodes[node]
        if wallet == state.operator:
            amount, state.operator_owed = state.operator_owed, 0
        else:
            amount, state.positions[wallet].owed = divmod(state.positions[wallet].owed, SCALE)
        if amount == 0:
            raise Refused("nothing_to_claim")
        return amount
