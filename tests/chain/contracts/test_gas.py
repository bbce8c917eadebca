"""Gas of both contracts, at values that cost much. CHAIN_GAS=1 prints the table of docs/benchmarks.md."""

from __future__ import annotations

import os
import random

import pytest

from protocol.merkle import EMPTY_ROOT, Leaf, MerkleTree
from tests.chain.contracts.test_permits import signature
from tests.chain.evm import ALICE, BOB, CAROL, HOLDER, MALLORY, ORACLE, Deployed, Receipt
from tests.chain.network import Chain, settlement_on

SUBMIT = 60_000
SLASH = 2_700
PROVE = 80_000
LARGEST = 2**63 - 1


def report(name: str, receipt: Receipt, ceiling: int) -> None:
    if os.environ.get("CHAIN_GAS"):
        print(f"| {name} | {receipt.gas:,} | {ceiling:,} |")
    assert receipt.gas <= ceiling, name


def slashes(count: int, chance: random.Random) -> list[tuple[str, int]]:
    """Slashes without a zero byte in their addresses and amounts."""
    numbers = sorted(int.from_bytes(bytes(chance.randrange(1, 256) for _ in range(20))) for _ in range(count))
    return [(f"0x{number:040x}", LARGEST) for number in numbers]


def full_root(number: int) -> bytes:
    return bytes([number % 255 + 1]) * 32


def submit(settlement: Deployed, count: int = 0, chance: random.Random | None = None) -> Receipt:
    last = settlement.get("last_epoch")
    previous = settlement.get("root_of", last)
    listed = slashes(count, chance) if chance else []
    return settlement.send(ORACLE, "submit", last + 1, previous, full_root(last), 10**13, listed)


def test_deployments_stay_within_their_gas(chain: Chain) -> None:
    report("deploy InfraMindSettlement", chain.settlement.deployment, 1_700_000)
    report("deploy IFM", chain.token.deployment, 1_700_000)


def test_an_epoch_with_slashes_stays_within_its_gas(chain: Chain) -> None:
    chance = random.Random(3)
    report("submit, first epoch", submit(chain.settlement), 80_000)
    for count in (0, 1, 20, 64, 64):
        receipt = submit(chain.settlement, count, chance)
        report(f"submit, {count} slashes", receipt, SUBMIT + SLASH * count)


def test_submitting_a_late_epoch_costs_no_more(chain: Chain) -> None:
    settlement = settlement_on(
        chain.evm, delay=1, last_epoch=2**32 - 2, last_root=b"\xff" * 32, emitted=2**62
    )
    for _ in range(3):
        chain.evm.advance(10)
        report("submit, epoch 4,294,967,295 and more, with a delay", submit(settlement), SUBMIT)


def test_continuing_a_list_of_slashes(chain: Chain) -> None:
    chance = random.Random(4)
    listed = slashes(128, chance)
    chain.settlement.send(ORACLE, "submit", 1, EMPTY_ROOT, full_root(1), 0, listed[:64])
    receipt = chain.settlement.send(ORACLE, "submit_more", 1, listed[64:])
    report("submit_more, 64 slashes", receipt, SUBMIT + SLASH * 64)


def test_locks_stay_within_their_gas(chain: Chain) -> None:
    token = chain.token
    for account in (ALICE, BOB, CAROL):
        token.send(HOLDER, "transfer", account, 10**14)
    report("lock, the first of all", token.send(ALICE, "lock", 12_345_678_901), 95_000)
    report("lock, the first of an account", token.send(BOB, "lock", 12_345_678_901), 95_000)
    report("lock, later", token.send(ALICE, "lock", 12_345_678_901), 45_000)
    permit = signature(token, CAROL, token, 12_345_678_901, deadline=2**32)
    first = token.send(MALLORY, "lock_with_permit", CAROL, 12_345_678_901, *permit)
    report("lock_with_permit, the first of an account", first, 95_000)
    permit = signature(token, CAROL, token, 12_345_678_901, nonce=1, deadline=2**32)
    report(
        "lock_with_permit, later",
        token.send(MALLORY, "lock_with_permit", CAROL, 12_345_678_901, *permit),
        60_000,
    )


def test_proving_in_a_tree_of_16384_leaves(chain: Chain) -> None:
    chance, token = random.Random(8), chain.token
    token.send(HOLDER, "transfer", ALICE, 10**14)
    token.send(ALICE, "lock", 10**14)
    totals = {"minted": 10**13, "burned": 10**12 + 1, "released": 9 * 10**13}
    for turn, account in enumerate((ALICE, CAROL, ALICE)):
        epoch = 2 * turn + 1
        leaves = [Leaf(kind, account.address, total + turn, epoch) for kind, total in totals.items()]
        others = [Leaf("reward", "0x" + chance.randbytes(20).hex(), 1, epoch) for _ in range(2**14 - 3)]
        tree = MerkleTree([*leaves, *others])
        last_root = chain.settlement.get("root_of", epoch - 1)
        chain.settlement.send(ORACLE, "submit", epoch, last_root, tree.root, 10**14, [])
        chain.settlement.send(ORACLE, "submit", epoch + 1, tree.root, full_root(epoch), 0, [])
        when = ("first of an account with a deposit", "first of an account without", "later")[turn]
        for index, leaf in enumerate(leaves):
            receipt = token.send(MALLORY, "prove", *leaf, tree.proof(index))
            report(f"prove {leaf.kind}, {when}", receipt, PROVE)


@pytest.mark.parametrize("first", [True, False])
def test_transfers_stay_within_their_gas(chain: Chain, first: bool) -> None:
    token = chain.token
    if not first:
        token.send(HOLDER, "transfer", ALICE, 10**14)
    name = "transfer to a new account" if first else "transfer, later"
    report(name, token.send(HOLDER, "transfer", ALICE, 12_345_678_901), 52_000 if first else 36_000)
