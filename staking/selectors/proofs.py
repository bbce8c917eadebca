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
    """A leaf, and the hashes that lead from it to the root."""

    leaf: Leaf
    proof: tuple[bytes, ...]


class Proof(NamedTuple):
    """The root of an epoch's tree and a node's leaves in it."""

    root: str
    leaves: tuple[ProvenLeaf, ...]


def proof_of(number: int, node: str) -> Proof:
    """A node's leaves in an epoch's tree. Raises: `not_found`, also until the epoch is settled."""
    found = read_epoch(number)
    if found.status != Epoch.Status.SETTLED:
        raise NotFound(f"Epoch {number} is not settled yet: there is nothing to prove until then.")
    tree = tree_of(number, found.merkle_root)
    places = [place for place, leaf in enumerate(tree.leaves) if leaf.address == node]
    if not places:
        raise NotFound(f"No node had the address {checksum(node)} in epoch {number}.")
    leaves = tuple(ProvenLeaf(tree.leaves[place], tuple(tree.proof(place))) for place in places)
    return Proof(found.merkle_root, leaves)


@lru_cache(maxsize=4)
def tree_of(number: int, root: str) -> MerkleTree:
    """The tree over an epoch's rows: rewards of all nodes by address, then slashes, as settlement built it.

    Kept in the process, since what was settled stays. Raises AssertionError when the rows do not make `root`.
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
        raise AssertionError(f"the rows of epoch {number} do not make the root that was settled")
    return tree
