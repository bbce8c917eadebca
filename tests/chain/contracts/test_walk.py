"""Random walks over the token: against a reference, and against a ledger that keeps R55.

CHAIN_WALK_STEPS sets their length; `make test-chain` walks 10,000 steps.
"""

from __future__ import annotations

import os
import random
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from protocol.merkle import Leaf
from tests.chain.evm import ALICE, BOB, CAROL, GUARDIAN, HOLDER, MALLORY, OWNER, Account, Deployed, Reverted
from tests.chain.network import INITIAL_SUPPLY, Chain

STEPS = int(os.environ.get("CHAIN_WALK_STEPS", "200"))
WALLETS = (ALICE, BOB, CAROL, MALLORY)
KINDS = ("minted", "burned", "released")
LARGEST = 2**63 - 1


@dataclass
class Reference:
    """Expected behaviour of the token, in plain integers; each method returns the reason of a refusal, or ""."""

    emitted: int = 0
    last_epoch: int = 0
    paused: bool = False
    supply: int = INITIAL_SUPPLY
    minted: int = 0
    free: Counter[Account] = field(default_factory=lambda: Counter({HOLDER: INITIAL_SUPPLY}))
    locked: Counter[Account] = field(default_factory=Counter)
    allowance: Counter[tuple[Account, Account]] = field(default_factory=Counter)
    applied: defaultdict[Account, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))

    def transfer(self, owner: Account, receiver: Account, amount: int) -> str:
        if amount > self.free[owner]:
            return "insufficient transferable balance"
        self.free[owner] -= amount
        self.free[receiver] += amount
        return ""

    def approve(self, owner: Account, spender: Account, amount: int) -> str:
        self.allowance[owner, spender] = amount
        return ""

    def transfer_from(self, spender: Account, owner: Account, receiver: Account, amount: int) -> str:
        if amount > self.allowance[owner, spender]:
            return "insufficient allowance"
        reason = self.transfer(owner, receiver, amount)
        if not reason:
            self.allowance[owner, spender] -= amount
        return reason

    def lock(self, owner: Account, amount: int) -> str:
        if not amount:
            return "nothing to lock"
        if amount > self.free[owner]:
            return "insufficient transferable balance"
        self.free[owner] -= amount
        self.locked[owner] += amount
        return ""

    def prove(self, leaf: Leaf, wallet: Account, genuine: bool) -> str:
        if self.paused:
            return "paused"
        if leaf.epoch >= self.last_epoch:
            return "too early"
        if not genuine:
            return "not proven"
        growth = leaf.amount - self.applied[wallet][leaf.kind]
        if growth <= 0:
            return "already applied"
        mintable = min(self.emitted, LARGEST - INITIAL_SUPPLY) - self.minted
        available = mintable if leaf.kind == "minted" else self.locked[wallet]
        if available <= 0:
            return "nothing available"
        self._apply(leaf.kind, wallet, min(growth, available))
        return ""

    def _apply(self, kind: str, wallet: Account, amount: int) -> None:
        self.applied[wallet][kind] += amount
        self.locked[wallet] += amount if kind == "minted" else -amount
        self.minted += amount if kind == "minted" else 0
        self.free[wallet] += amount if kind == "released" else 0
        self.supply += {"minted": amount, "burned": -amount, "released": 0}[kind]


class Walk:
    """Random actions, carried out by the contracts and by the reference."""

    def __init__(self, chain: Chain, seed: int) -> None:
        self.chain = chain
        self.chance = random.Random(seed)
        self.reference = Reference()
        self.totals: Counter[tuple[str, Account]] = Counter()
        self.outcomes: Counter[str] = Counter()

    def step(self) -> None:
        actions = (
            self.transfer,
            self.approve,
            self.transfer_from,
            self.lock,
            self.anchor,
            self.prove,
            self.pause,
        )
        action = self.chance.choices(actions, weights=(15, 4, 6, 18, 12, 44, 1))[0]
        action()

    def amount(self) -> int:
        return self.chance.choice((0, 1, self.chance.randrange(100), self.chance.randrange(10_000)))

    def wallets(self, count: int) -> list[Account]:
        return self.chance.choices((*WALLETS, HOLDER), k=count)

    def both(self, expected: str, sender: Account, function: str, *arguments: object) -> None:
        try:
            self.chain.token.send(sender, function, *arguments)
            outcome = ""
        except Reverted as error:
            outcome = str(error)
        assert outcome == expected, (function, arguments)
        self.outcomes[f"{function}: {outcome or 'done'}"] += 1

    def transfer(self) -> None:
        owner, receiver = self.wallets(2)
        amount = self.amount()
        self.both(self.reference.transfer(owner, receiver, amount), owner, "transfer", receiver, amount)

    def approve(self) -> None:
        owner, spender = self.wallets(2)
        amount = self.amount()
        self.both(self.reference.approve(owner, spender, amount), owner, "approve", spender, amount)

    def transfer_from(self) -> None:
        spender, owner, receiver = self.wallets(3)
        amount = self.amount()
        expected = self.reference.transfer_from(spender, owner, receiver, amount)
        self.both(expected, spender, "transferFrom", owner, receiver, amount)

    def lock(self) -> None:
        owner, amount = self.wallets(1)[0], self.amount()
        self.both(self.reference.lock(owner, amount), owner, "lock", amount)

    def anchor(self) -> None:
        if self.reference.paused:
            return
        for key in [(kind, wallet) for kind in KINDS for wallet in WALLETS]:
            if self.chance.random() < 0.4:
                self.totals[key] += self.chance.randrange(3_000)
        emission = self.chance.randrange(8_000)
        self.chain.anchor([(*key, total) for key, total in self.totals.items()], emission=emission)
        self.reference.last_epoch += 1
        self.reference.emitted += emission

    def prove(self) -> None:
        if not any(tree.leaves for tree in self.chain.trees.values()):
            return
        epoch = self.chance.choice([n for n, tree in self.chain.trees.items() if tree.leaves][-8:])
        tree = self.chain.trees[epoch]
        index = self.chance.randrange(len(tree.leaves))
        leaf, proof = tree.leaves[index], tree.proof(index)
        wallet = next(wallet for wallet in WALLETS if wallet.address == leaf.address)
        genuine = self.chance.random() < 0.9
        if not genuine:
            leaf = leaf._replace(amount=leaf.amount + self.chance.randrange(1, 100))
        self.both(self.reference.prove(leaf, wallet, genuine), BOB, "prove", *leaf, proof)

    def pause(self) -> None:
        sender, function = (OWNER, "resume") if self.reference.paused else (GUARDIAN, "pause")
        self.chain.settlement.send(sender, function)
        self.reference.paused = not self.reference.paused

    def compare(self) -> None:
        token, reference = self.chain.token, self.reference
        for wallet in (*WALLETS, HOLDER):
            assert self.chain.state(wallet) == (reference.locked[wallet], reference.free[wallet])
            applied = tuple(reference.applied[wallet][kind] for kind in KINDS)
            assert token.get("proven", wallet) == applied
        balances = [token.get("balanceOf", wallet) for wallet in (*WALLETS, HOLDER)]
        assert sum(balances) == token.get("totalSupply") == reference.supply
        assert token.get("minted") == reference.minted <= reference.emitted


def test_the_token_does_what_the_reference_does(chain: Chain) -> None:
    walk = Walk(chain, seed=17)
    for wallet in WALLETS:
        chain.token.send(HOLDER, "transfer", wallet, 20_000)
        walk.reference.transfer(HOLDER, wallet, 20_000)
    for step in range(STEPS):
        walk.step()
        if step % 10 == 0:
            walk.compare()
    walk.compare()
    done = {outcome for outcome in walk.outcomes if outcome.endswith("done")}
    assert len(done) == 5, walk.outcomes
    assert len(walk.outcomes) > 9, walk.outcomes


@dataclass
class Ledger:
    """The state of a wallet under R55: all that it has in the protocol, and its three totals."""

    total: Counter[Account] = field(default_factory=Counter)
    deposited: Counter[Account] = field(default_factory=Counter)
    net: Counter[Account] = field(default_factory=Counter)
    sums: Counter[tuple[str, Account]] = field(default_factory=Counter)

    def deposit(self, wallet: Account, amount: int) -> None:
        self.total[wallet] += amount
        self.deposited[wallet] += amount

    def exit(self, wallet: Account, amount: int) -> None:
        self.total[wallet] -= amount
        self.sums["released", wallet] += amount
        net = self.total[wallet] + self.sums["released", wallet] - self.deposited[wallet]
        change = net - self.net[wallet]
        self.net[wallet] = net
        self.sums["minted" if change > 0 else "burned", wallet] += abs(change)

    def leaves(self, wallets: list[Account]) -> Iterator[tuple[str, Account, int]]:
        for wallet in wallets:
            for kind in KINDS:
                yield kind, wallet, self.sums[kind, wallet]


def test_what_is_locked_on_the_chain_is_what_the_ledger_says(chain: Chain) -> None:
    chance, ledger, token = random.Random(23), Ledger(), chain.token
    for wallet in WALLETS:
        token.send(HOLDER, "transfer", wallet, 10**6)
    for _ in range(max(6, STEPS // 40)):
        leaving = _live_an_epoch(chance, ledger, token)
        chain.anchor(ledger.leaves(leaving), emission=10**6)
        _bring_some_proofs(chance, chain)
    everyone = list(WALLETS)
    for wallet in everyone:
        ledger.exit(wallet, ledger.total[wallet] // 2)
    chain.anchor(ledger.leaves(everyone))
    chain.anchor()
    for kind in chance.sample(KINDS * 2, 6):
        for wallet in everyone:
            _bring(token, chain, kind, wallet, max(chain.trees) - 1)
    for kind in KINDS:
        for wallet in everyone:
            _bring(token, chain, kind, wallet, max(chain.trees) - 1)
    for wallet in everyone:
        assert token.get("proven", wallet) == tuple(ledger.sums[kind, wallet] for kind in KINDS)
        assert chain.state(wallet) == (
            ledger.total[wallet],
            10**6 - ledger.deposited[wallet] + ledger.sums["released", wallet],
        )


def _live_an_epoch(chance: random.Random, ledger: Ledger, token: Deployed) -> list[Account]:
    """Deposits, rewards, slashes and exits of an epoch; returns the wallets with an exit."""
    leaving = []
    for wallet in WALLETS:
        available = token.get("transferable", wallet)
        if available and chance.random() < 0.4:
            amount = chance.randrange(1, available + 1)
            token.send(wallet, "lock", amount)
            ledger.deposit(wallet, amount)
        ledger.total[wallet] += chance.randrange(50_000)
        ledger.total[wallet] -= chance.choice((0, 0, chance.randrange(ledger.total[wallet] + 1)))
        if ledger.total[wallet] and chance.random() < 0.5:
            ledger.exit(wallet, chance.randrange(1, ledger.total[wallet] + 1))
            leaving.append(wallet)
    return leaving


def _bring_some_proofs(chance: random.Random, chain: Chain) -> None:
    for _ in range(4):
        epoch = chance.randrange(1, max(chain.trees) + 1)
        if chain.trees[epoch].leaves:
            leaf = chance.choice(chain.trees[epoch].leaves)
            wallet = next(wallet for wallet in WALLETS if wallet.address == leaf.address)
            _bring(chain.token, chain, leaf.kind, wallet, epoch)


def _bring(token: Deployed, chain: Chain, kind: str, wallet: Account, epoch: int) -> None:
    """Submit a proof, also one that was applied before."""
    proof = chain.proof(kind, wallet, epoch)
    applied = dict(zip(KINDS, token.get("proven", wallet), strict=True))[kind]
    blocked = kind != "minted" and not token.get("locked", wallet)
    if epoch > chain.settlement.get("provable_epoch"):
        assert token.refusal(MALLORY, "prove", *proof) == "too early"
    elif proof[2] <= applied:
        assert token.refusal(MALLORY, "prove", *proof) == "already applied"
    elif blocked:
        assert token.refusal(MALLORY, "prove", *proof) == "nothing available"
    else:
        token.send(MALLORY, "prove", *proof)
