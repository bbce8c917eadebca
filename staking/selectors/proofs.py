"""Proofs of an epoch's report, rebuilt from its rows (R51, R55)."""

from __future__ import annotations

from collections import defaultdict
from functools import lru_cache
from typing import NamedTuple

from protocol.addresses import checksum
from protocol.errors import NotFound
from protocol.exits import TokenSums, exit_leaves
from protocol.merkle import Leaf, MerkleTree
from staking.models import Epoch, ExitSums, NodeEpoch
from staking.selectors.epochs import epoch as read_epoch


class ProvenLeaf(NamedTuple):
    """A leaf and its Merkle proof: the sibling hashes on the way to the root."""

    leaf: Leaf
    proof: tuple[bytes, ...]


class IndexedTree(NamedTuple):
    """The tree of an epoch, and the indexes of each address's leaves."""

    tree: MerkleTree
    places: dict[str, list[int]]


class Proof(NamedTuple):
    """The root of an epoch's tree and the leaves of an address in it."""

    root: str
    leaves: tuple[ProvenLeaf, ...]


def proof_of(number: int, address: str) -> Proof:
    """The leaves of a node, or of a wallet with an exit, in an epoch's tree.

    Raises: `not_found`, also while the epoch is not settled.
    """
    epoch = read_epoch(number)
    if epoch.status != Epoch.Status.SETTLED:
        raise NotFound(f"Epoch {number} is not settled yet, so it has no proofs.")
    tree, places = tree_of(number, epoch.merkle_root)
    indexes = places.get(address)
    if not indexes:
        raise NotFound(
            f"Epoch {number} has no leaf for {checksum(address)}: nodes have one, and wallets with an exit in it."
        )
    leaves = tuple(ProvenLeaf(tree.leaves[index], tuple(tree.proof(index))) for index in indexes)
    return Proof(epoch.merkle_root, leaves)


@lru_cache(maxsize=4)
def tree_of(number: int, root: str) -> IndexedTree:
    """The tree over an epoch's rows, as settlement built it: rewards of all nodes by address, slashes, exits.

    Cached, since a settled epoch does not change. Raises AssertionError when the rows do not have the root `root`.
    """
    rows = list(
        NodeEpoch.objects.filter(epoch=number)
        .order_by("node__address")
        .values_list("node__address", "reward", "honest_reward", "slashed")
    )
    rewards = [Leaf("reward", address, reward + honest, number) for address, reward, honest, _ in rows]
    slashes = [Leaf("slash", address, slashed, number) for address, _, _, slashed in rows if slashed]
    sums = ExitSums.objects.filter(epoch=number).order_by("wallet")
    exits = [
        leaf
        for wallet, *totals in sums.values_list("wallet", *TokenSums._fields)
        for leaf in exit_leaves(wallet, TokenSums(*totals), number)
    ]
    tree = MerkleTree([*rewards, *slashes, *exits])
    if "0x" + tree.root.hex() != root:
        raise AssertionError(f"the rows of epoch {number} do not have the root that was settled")
    places: dict[str, list[int]] = defaultdict(list)
    for index, leaf in enumerate(tree.leaves):
        places[leaf.address].append(index)
    return IndexedTree(tree, dict(places))
