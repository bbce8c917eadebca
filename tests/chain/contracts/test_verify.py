"""InfraMindSettlement: leaves of anchored epochs verify, everything else does not (R51, R52)."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from protocol.merkle import EMPTY_ROOT, Leaf, MerkleTree, hash_pair, leaf_hash
from tests.chain.evm import ALICE, BOB, GUARDIAN, ORACLE, OWNER, Deployed
from tests.chain.network import Chain

EPOCH = 1
LEAVES = 119


def report(count: int, seed: int = 5) -> MerkleTree:
    """A tree like that of an epoch: rewards, slashes, and the totals of exits."""
    chance = random.Random(seed)
    kinds = ("reward", "reward", "reward", "slash", "minted", "burned", "released")
    return MerkleTree(
        Leaf(kinds[n % len(kinds)], f"0x{chance.randbytes(20).hex()}", chance.randrange(2**63), EPOCH)
        for n in range(count)
    )


def anchor(settlement: Deployed, tree: MerkleTree) -> None:
    settlement.send(ORACLE, "submit", EPOCH, EMPTY_ROOT, tree.root, 0, [])


def verifies(settlement: Deployed, leaf: Leaf, proof: list[bytes]) -> bool:
    answer = settlement.get("verify", *leaf, proof)
    assert isinstance(answer, bool)
    return answer


def forgeries(tree: MerkleTree, index: int, chance: random.Random) -> Iterator[tuple[Leaf, list[bytes]]]:
    """Leaves and proofs that differ from a true one in one thing each."""
    leaf, proof = tree.leaves[index], tree.proof(index)
    other = (index + 1) % len(tree.leaves)
    yield leaf._replace(amount=leaf.amount + 1), proof
    yield leaf._replace(amount=leaf.amount + 2**255), proof
    yield leaf._replace(address=ALICE.address), proof
    yield leaf._replace(epoch=leaf.epoch + 1), proof
    yield leaf._replace(kind=leaf.kind + "\0"), proof
    yield leaf._replace(kind="slash" if leaf.kind == "reward" else "reward"), proof
    yield leaf, tree.proof(other)
    yield tree.leaves[other], proof
    yield leaf, proof[:-1]
    yield leaf, proof[1:]
    yield leaf, [*proof, chance.randbytes(32)]
    yield leaf, [*proof, bytes(32)]
    place = chance.randrange(len(proof))
    yield leaf, [*proof[:place], bytes(a ^ 1 for a in proof[place]), *proof[place + 1 :]]
    yield leaf, proof[::-1]


def test_every_leaf_of_a_report_verifies(chain: Chain) -> None:
    tree = report(LEAVES)
    anchor(chain.settlement, tree)
    for index, leaf in enumerate(tree.leaves):
        assert verifies(chain.settlement, leaf, tree.proof(index)), leaf


def test_no_forged_leaf_verifies(chain: Chain) -> None:
    chance = random.Random(11)
    tree = report(LEAVES)
    anchor(chain.settlement, tree)
    for index in range(0, LEAVES, 7):
        for leaf, proof in forgeries(tree, index, chance):
            assert not verifies(chain.settlement, leaf, proof), (leaf, proof)


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 8, 9])
def test_small_trees_verify(chain: Chain, count: int) -> None:
    tree = report(count)
    anchor(chain.settlement, tree)
    assert all(verifies(chain.settlement, leaf, tree.proof(i)) for i, leaf in enumerate(tree.leaves))


def test_an_inner_node_is_not_taken_for_a_leaf(chain: Chain) -> None:
    # A leaf is hashed twice and is 160 bytes and more; a pair is 64 bytes, hashed once.
    tree = report(2)
    anchor(chain.settlement, tree)
    one, two = (leaf_hash(leaf) for leaf in tree.leaves)
    assert hash_pair(one, two) == tree.root
    pair = min(one, two) + max(one, two)
    for kind in ("", pair.hex()[:32]):
        leaf = Leaf(kind, "0x" + pair[12:32].hex(), int.from_bytes(pair[32:]), EPOCH)
        assert not verifies(chain.settlement, leaf, [])


def test_nothing_verifies_in_an_epoch_that_is_not_anchored(chain: Chain) -> None:
    tree = report(3)
    leaf, proof = tree.leaves[0], tree.proof(0)
    assert not verifies(chain.settlement, leaf, proof)
    anchor(chain.settlement, tree)
    assert verifies(chain.settlement, leaf, proof)
    for epoch in (0, 2, 2**40, 2**256 - 1):
        assert not verifies(chain.settlement, leaf._replace(epoch=epoch), proof)


def test_nothing_verifies_against_an_empty_root(chain: Chain) -> None:
    anchor(chain.settlement, MerkleTree([]))
    for proof in ([], [bytes(32)], [leaf_hash(Leaf("reward", BOB.address, 0, EPOCH))]):
        assert not verifies(chain.settlement, Leaf("reward", BOB.address, 0, EPOCH), proof)


def test_nothing_verifies_in_a_revoked_epoch(chain: Chain) -> None:
    tree = report(3)
    anchor(chain.settlement, tree)
    chain.settlement.send(GUARDIAN, "pause")
    chain.settlement.send(OWNER, "revoke", 0, 0)
    assert not verifies(chain.settlement, tree.leaves[0], tree.proof(0))


def test_a_proof_may_have_32_steps(chain: Chain) -> None:
    leaf, path = Leaf("reward", ALICE.address, 5, EPOCH), [bytes([step]) * 32 for step in range(32)]
    root = leaf_hash(leaf)
    for sibling in path:
        root = hash_pair(root, sibling)
    chain.settlement.send(ORACLE, "submit", EPOCH, EMPTY_ROOT, root, 0, [])
    assert verifies(chain.settlement, leaf, path)
