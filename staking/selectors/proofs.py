"""Proofs of an epoch's report, rebuilt from its rows (R51)."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from protocol.addresses import checksum
from protocol.errors import NotFound
from protocol.merkle import Leaf, MerkleTree
from staking.models import Epoch, NodeEpoch
from staking.selectors.epochs import epoch as read_epoch


class ProvenLeaf(NamedTuple):
    """A leaf and its Merkle proof: the sibling hashes on the way to the root."""

    leaf: Leaf
    proof: tuple[bytes, ...]


class Proof(NamedTuple):
    """The root of an epoch's tree and a node's leaves in it."""

    root: str
    leaves: tuple[ProvenLeaf, ...]


def proof_of(number: int, node: str) -> Proof:
    """A node's leaves in an epoch's tree. Raises: `not_found`, also while the epoch is not settled."""
    epoch = read_epoch(number)
    if epoch.status != Epoch.Status.SETTLED:
        raise NotFound(f"Epoch {number} is not settled yet, so it has no proofs.")
    tree = tree_of(number, epoch.merkle_root)
    indexes = [index for index, leaf in enumerate(tree.leaves) if leaf.address == node]
    if not indexes:
        raise NotFound(f"No node had the address {checksum(node)} in epoch {number}.")
    leaves = tuple(ProvenLeaf(tree.leaves[index], tuple(tree.proof(index))) for index in indexes)
    return Proof(epoch.merkle_root, leaves)


@lru_cache(maxsize=4)
def tree_of(number: int, root: str) -> MerkleTree:
    """The tree over an epoch's rows, as settlement built it: rewards of all nodes by address, then slashes.

    Cached, since a settled epoch does not change. Raises AssertionError when the rows do not have the root `root`.
    """
    rows = list(
        NodeEpoch.objects.filter(epoch=number)
        .order_by("node__address")
        .values_list("node__address", "reward", "honest_reward", "slashed")
    )
    rewards = [Leaf("reward", address, reward + honest, number) for address, reward, honest, _ in rows]
    slashes = [Leaf("slash", address, slashed, number) for address, _, _, slashed in rows if slashed]
    tree = MerkleTree([*rewards, *slashes])
    if "0x" + tree.root.hex() != root:
        raise AssertionError(f"the rows of epoch {number} do not have the root that was settled")
    return tree
