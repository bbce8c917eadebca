"""The protocol once more, from its text: plain Python over dictionaries, every position touched in every epoch.

Nothing of the project is imported here, so that an error in the rules cannot hide by being made twice. Times are
seconds since the start of epoch 1, amounts µIFM.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

BPS = 10_000
SCALE = 10**18

PARAMETERS: dict[str, int] = {
    "epoch_seconds": 86_400, "unbonding_seconds": 604_800, "emission_per_epoch": 10_000_000_000,
    "min_amount": 1_000_000, "delegator_share_max_cut_bps": 500, "sla_threshold_bps": 8_500,
    "sla_full_bps": 9_500, "sla_min_jobs": 10, "sla_strike_window_epochs": 30, "latency_window_jobs": 100,
    "heartbeat_slot_seconds": 300, "uptime_floor_bps": 8_000, "rejection_limit_bps": 2_000,
    "latency_cv_limit_bps": 10_000, "schema_mismatch_limit": 3, "cooldown_epochs": 3, "q_latency_bps": 1_000,
    "q_uptime_bps": 1_200, "q_stake_bps": 1_300, "q_scarcity_bps": 1_500, "q_stake_saturation": 10_000_000_000,
    "high_performer_bps": 12_000, "failure_penalty_bps": 500, "penalty_decay_bps": 5_000,
    "dispute_filing_epochs": 1, "dispute_voting_epochs": 1, "dispute_deposit": 50_000_000, "quorum_bps": 1_000,
    "slash_burn_bps": 5_000, "slash_honest_bps": 2_500, "slash_delegators_bps": 2_500,
}  # fmt: skip

# minimum, bonus, severity
TIERS = [
    (0, 0, 10_000),
    (500_000_000, 1_000, 12_500),
    (2_000_000_000, 2_500, 15_000),
    (10_000_000_000, 4_000, 20_000),
]

# self, delegated; in the order of the table
OFFENCES: dict[str, tuple[int, int]] = {
    "sla_drop": (1_000, 0), "invalid_proof": (2_500, 2_500), "forged_trace": (5_000, 5_000),
    "dropout": (1_500, 1_500), "fake_resources": (2_500, 2_500), "schema_mismatch": (1_000, 0),
}  # fmt: skip
REPEATED_DROP = (1_000, 1_000)


class Refused(Exception):
    """A request that the protocol refuses, by its code."""


@dataclass
class Position:
    shares: int = 0
    pending: int = 0
    owed: int = 0
    ever: int = 0
    redelegated_end: int | None = None


@dataclass
class Node:
    address: str
    operator: str
    region: str
    custodial: bool
    cap: int | None
    share: int
    registered: int
    next_share: int | None = None
    retired: bool = False
    own: int = 0
    own_pending: int = 0
    tokens: int = 0
    shares: int = 0
    generation: int = 1
    carry: int = 0
    index: int = 0
    operator_owed: int = 0
    operator_ever: int = 0
    penalty: int = 0
    reputation: int = 500
    former_q: int | None = None
    latencies: list[int] = field(default_factory=list)
    positions: dict[str, Position] = field(default_factory=lambda: defaultdict(Position))

    @property
    def pending(self) -> int:
        return sum(position.pending for position in self.positions.values())


@dataclass
class Bucket:
    tokens: int = 0
    shares: int = 0


@dataclass
class Entry:
    node: str
    wallet: str
    kind: str
    epoch: int
    shares: int
    matures: int
    status: str = "open"
    paid: int | None = None


@dataclass
class Slash:
    node: str
    offence: str
    epoch: int
    rates: tuple[int, int]
    bases: tuple[int, int]
    until: int
    due: int
    cooldown: int = 0
    ban: bool = False
    status: str = "pending"
    taken: tuple[int, int] = (0, 0)
    burned: int = 0
    honest: int = 0
    returned: int = 0

    @property
    def pending(self) -> bool:
        return self.status in ("pending", "disputed")


@dataclass
class Dispute:
    slash: Slash
    operator: str
    opened: int
    closes: int
    quorum: int
    deposit: int
    votes: dict[str, str] = field(default_factory=dict)
    status: str = "voting"


@dataclass
class Redelegation:
    wallet: str
    source: str
    target: str
    amount: int
    epoch: int
    status: str = "recorded"
    moved: int | None = None


class Model:
    """The state of a network; acts change it or raise Refused, `settlement.settle` ends its epochs."""

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

    # the operator's acts

    def register(self, address: str, operator: str, **more: Any) -> None:
        made = {"region": "eu-west", "custodial": False, "cap": None, "share": 8_000, **more}
        self.nodes[address] = Node(address, operator, registered=self.now, **made)

    def fund(self, wallet: str, amount: int) -> None:
        self.move("issuance", f"wallet:{wallet}", amount)

    def stake(self, node: str, amount: int) -> None:
        found = self.nodes[node]
        self._above_zero(amount)
        self._admit_own(found, amount)
        self._afford(found.operator, amount)
        self.move(f"wallet:{found.operator}", f"stake:{node}", amount)
        found.own += amount
        found.own_pending += amount

    def unstake(self, node: str, amount: int | None) -> None:
        found = self.nodes[node]
        self._above_zero(amount)
        leaving = found.own if amount is None else amount
        if not 0 < leaving <= found.own:
            raise Refused("insufficient_balance")
        found.own -= leaving
        found.own_pending = max(found.own_pending - leaving, 0)
        self._leave(f"stake:{node}", node, found.operator, "self", leaving)

    def change_share(self, node: str, share: int) -> None:
        found = self.nodes[node]
        if found.retired:
            raise Refused("node_retired")
        if not 5_000 <= share <= 10_000:
            raise Refused("parameter_out_of_bounds")
        if share < found.share - self.params["delegator_share_max_cut_bps"]:
            raise Refused("share_cut_too_large")
        found.next_share = share

    def dispute(self, slash: Slash) -> None:
        operator = self.nodes[slash.node].operator
        if any(one.slash is slash for one in self.disputes):
            raise Refused("already_disputed")
        last = self.end + (slash.until - self.epoch) * self.params["epoch_seconds"]
        if slash.status != "pending" or self.epoch > slash.until or self.now >= last:
            raise Refused("dispute_window_closed")
        deposit = self.params["dispute_deposit"]
        self._afford(operator, deposit)
        self.move(f"wallet:{operator}", "deposits", deposit)
        closes = slash.epoch + self.params["dispute_filing_epochs"] + self.params["dispute_voting_epochs"]
        quorum = self.powers[self.epoch][1] * self.params["quorum_bps"]
        self.disputes.append(Dispute(slash, operator, self.epoch, closes, quorum, deposit))
        slash.status, slash.due = "disputed", closes

    def vote(self, dispute: Dispute, wallet: str, choice: str) -> None:
        last = self.end + (dispute.closes - self.epoch) * self.params["epoch_seconds"]
        if dispute.status != "voting" or self.now >= last:
            raise Refused("vote_closed")
        if wallet == dispute.operator:
            raise Refused("conflict_of_interest")
        if not self.powers[dispute.opened][0].get(wallet):
            raise Refused("no_voting_power")
        dispute.votes[wallet] = choice

    # the delegator's acts

    def delegate(self, node: str, wallet: str, amount: int) -> None:
        found = self.nodes[node]
        self._above_zero(amount)
        if wallet == found.operator:
            raise Refused("own_node")
        self.admit(found, amount)
        self._afford(wallet, amount)
        self.move(f"wallet:{wallet}", f"pool:{node}", amount)
        self.issue(found, wallet, amount)

    def undelegate(self, node: str, wallet: str, amount: int | None) -> None:
        found = self.nodes[node]
        self._above_zero(amount)
        value = self.value(node, wallet)
        if value == 0 or (amount or 0) > value:
            raise Refused("insufficient_balance")
        leaving = self.burn(found, wallet, amount)
        self._leave(f"pool:{node}", node, wallet, "delegated", leaving)

    def redelegate(self, source: str, target: str, wallet: str, amount: int | None) -> None:
        self._above_zero(amount)
        if source == target:
            raise Refused("invalid")
        left = self.value(source, wallet) - sum(
            r.amount for r in self.redelegations
            if (r.wallet, r.source, r.status) == (wallet, source, "recorded")
        )  # fmt: skip
        wanted = max(left, 0) if amount is None else amount
        if wallet == self.nodes[target].operator:
            raise Refused("own_node")
        self.admit(self.nodes[target], wanted, all_of_nothing=wanted == 0)
        self._check_way_out(source, wallet)
        if wanted == 0 or wanted > left:
            raise Refused("insufficient_balance")
        self.redelegations.append(Redelegation(wallet, source, target, wanted, self.epoch))

    def claim(self, node: str, wallet: str) -> int:
        amount = self._take_owed(node, wallet)
        self.move(f"rewards:{node}", f"wallet:{wallet}", amount)
        return amount

    def compound(self, node: str, wallet: str) -> int:
        found = self.nodes[node]
        own = wallet == found.operator
        amount = found.operator_owed if own else found.positions[wallet].owed // SCALE
        if amount == 0:
            raise Refused("nothing_to_claim")
        if own:
            self._admit_own(found, amount)
            found.own += amount
            found.own_pending += amount
        else:
            self.admit(found, amount)
            self.issue(found, wallet, amount)
        self._take_owed(node, wallet)
        self.move(f"rewards:{node}", f"stake:{node}" if own else f"pool:{node}", amount)
        return amount

    # the way out and back

    def withdraw(self, number: int, wallet: str) -> None:
        entry = self._own_entry(number, wallet)
        if entry.matures > self.now:
            raise Refused("unbonding_not_mature")
        if self.is_held(entry):
            raise Refused("held_by_slash")
        self.move(f"unbonding:{entry.node}", f"wallet:{wallet}", self._close(entry, "paid"))

    def release(self) -> None:
        """What the worker pays."""
        for number in sorted(range(len(self.entries)), key=lambda n: (self.entries[n].matures, n)):
            entry = self.entries[number]
            if entry.status == "open" and entry.matures <= self.now and not self.is_held(entry):
                self.withdraw(number, entry.wallet)

    def cancel(self, number: int, wallet: str) -> None:
        entry = self._own_entry(number, wallet)
        if self.is_held(entry):
            raise Refused("held_by_slash")
        found, amount = self.nodes[entry.node], self.worth(entry)
        if entry.kind == "self":
            self._admit_own(found, amount)
            found.own += amount
            found.own_pending += amount
        else:
            self.admit(found, amount)
            self.issue(found, wallet, amount)
        self._close(entry, "cancelled")
        self.move(
            f"unbonding:{entry.node}", f"{'stake' if entry.kind == 'self' else 'pool'}:{entry.node}", amount
        )

    # rules that several acts share

    def admit(self, node: Node, amount: int, *, all_of_nothing: bool = False) -> None:
        """R12, in its order, for whoever brings delegated tokens."""
        if amount < self.params["min_amount"] and not all_of_nothing:
            raise Refused("amount_too_small")
        self.stand(node)
        if self.is_accused(node.address):
            raise Refused("pending_slash")
        if self.cooldown(node.address) >= self.epoch:
            raise Refused("node_cooldown")
        if node.cap is not None and node.tokens + amount > node.cap:
            raise Refused("delegation_cap_exceeded")
        if node.shares and amount * node.shares // node.tokens == 0 and not all_of_nothing:
            raise Refused("amount_too_small")

    def stand(self, node: Node) -> None:
        if self.is_banned(node.address):
            raise Refused("node_banned")
        if node.retired:
            raise Refused("node_retired")

    def issue(self, node: Node, wallet: str, amount: int) -> None:
        """R14: the tokens are the caller's business."""
        issued = amount * node.shares // node.tokens if node.shares else amount
        node.tokens += amount
        node.shares += issued
        node.positions[wallet].shares += issued
        node.positions[wallet].pending += issued

    def burn(self, node: Node, wallet: str, amount: int | None) -> int:
        """R15: µIFM that leave; pending shares first."""
        position, value = node.positions[wallet], self.value(node.address, wallet)
        if amount is None or amount == value:
            amount, burned = value, position.shares
        else:
            burned = min(-(-amount * node.shares // node.tokens), position.shares)
        if burned == node.shares:
            amount = node.tokens
        position.shares -= burned
        position.pending = max(position.pending - burned, 0)
        node.tokens -= amount
        node.shares -= burned
        return amount

    def _above_zero(self, amount: int | None) -> None:
        if amount == 0:
            raise Refused("amount_too_small")

    def _admit_own(self, node: Node, amount: int) -> None:
        if amount < self.params["min_amount"]:
            raise Refused("amount_too_small")
        self.stand(node)

    def _afford(self, wallet: str, amount: int) -> None:
        if self.accounts[f"wallet:{wallet}"] < amount:
            raise Refused("insufficient_balance")

    def _check_way_out(self, source: str, wallet: str) -> None:
        leaving = any(e.status == "open" and (e.node, e.kind) == (source, "self") for e in self.entries)
        if leaving and not self.is_banned(source):
            raise Refused("node_unbonding")
        came = self.nodes[source].positions[wallet].redelegated_end
        if came is not None and self.now < came + self.params["unbonding_seconds"]:
            raise Refused("redelegation_hop")

    def _leave(self, account: str, node: str, wallet: str, kind: str, amount: int) -> None:
        bucket = self.buckets.setdefault((node, kind, self.epoch), Bucket())
        issued = amount * bucket.shares // bucket.tokens if bucket.shares else amount
        bucket.tokens += amount
        bucket.shares += issued
        matures = self.now + self.params["unbonding_seconds"]
        self.entries.append(Entry(node, wallet, kind, self.epoch, issued, matures))
        self.move(account, f"unbonding:{node}", amount)

    def _own_entry(self, number: int, wallet: str) -> Entry:
        entry = self.entries[number]
        if entry.wallet != wallet:
            raise Refused("not_found")
        if entry.status != "open":
            raise Refused("unbonding_closed")
        return entry

    def _close(self, entry: Entry, status: str) -> int:
        amount = self.worth(entry)
        bucket = self.buckets[entry.node, entry.kind, entry.epoch]
        bucket.tokens -= amount
        bucket.shares -= entry.shares
        entry.status, entry.paid = status, amount
        return amount

    def _take_owed(self, node: str, wallet: str) -> int:
        found = self.nodes[node]
        if wallet == found.operator:
            amount, found.operator_owed = found.operator_owed, 0
        else:
            amount, found.positions[wallet].owed = divmod(found.positions[wallet].owed, SCALE)
        if amount == 0:
            raise Refused("nothing_to_claim")
        return amount
