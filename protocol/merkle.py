"""The Merkle tree of an epoch's report, in OpenZeppelin's standard format (R51).

Leaves are ["string", "address", "uint256", "uint256"] = kind, address, µIFM, epoch; a leaf is
hashed twice so that no inner node can pass for one, and pairs are sorted.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from protocol.addresses import keccak256

LEAF_ENCODING: Final = ("string", "address", "uint256", "uint256")
EMPTY_ROOT: Final = bytes(32)

_SIZE: Final = 32
# Where the string begins: behind the four words of the head.
_STRING_OFFSET: Final = (128).to_bytes(32, "big")


class Leaf(NamedTuple):
    """The values of a leaf: kind (R51, R55), address, amount in µIFM, epoch."""

    kind: str
    address: str
    amount: int
    epoch: int


def encode_leaf(leaf: Leaf) -> bytes:
    """The ABI encoding of a leaf, as Solidity's abi.encode makes it."""
    kind = leaf.kind.encode()
    return b"".join(
        (
            _STRING_OFFSET,
            bytes(12),
            bytes.fromhex(leaf.address[2:]),
            leaf.amount.to_bytes(32, "big"),
            leaf.epoch.to_bytes(32, "big"),
            len(kind).to_bytes(32, "big"),
            kind,
            bytes(-len(kind) % 32),
        )
    )


def leaf_hash(leaf: Leaf) -> bytes:
    """The twice hashed leaf."""
    return keccak256(keccak256(encode_leaf(leaf)))


def hash_pair(one: bytes, other: bytes) -> bytes:
    """The node above two others, whichever comes first."""
    return keccak256(one + other if one < other else other + one)


class MerkleTree:
    """The tree over some leaves; a tree without leaves has a root of 32 zero bytes."""

    __slots__ = ("_nodes", "_places", "leaves")

    def __init__(self, leaves: Iterable[Leaf]) -> None:
        self.leaves = tuple(leaves)
        hashes = [leaf_hash(leaf) for leaf in self.leaves]
        order = sorted(range(len(hashes)), key=hashes.__getitem__)
        # Leaves fill the array from its end in the order of their hashes; the root is node 0.
        last = 2 * len(hashes) - 2
        self._places = [0] * len(hashes)
        self._nodes = [EMPTY_ROOT] * max(last + 1, 1)
        for rank, index in enumerate(order):
            self._places[index] = last - rank
            self._nodes[last - rank] = hashes[index]
        for place in range(len(hashes) - 2, -1, -1):
            self._nodes[place] = hash_pair(self._nodes[2 * place + 1], self._nodes[2 * place + 2])

    def to_bytes(self) -> bytes:
        """All hashes of the tree, the root first, as `find_proof` reads them."""
        return b"".join(self._nodes)

    @property
    def root(self) -> bytes:
        """The Merkle root, 32 bytes."""
        return self._nodes[0]

    def proof(self, index: int) -> list[bytes]:
        """The hashes that lead from the leaf with this index to the root."""
        place = self._places[index]
        path = []
        while place:
            path.append(self._nodes[place - 1 if place % 2 == 0 else place + 1])
            place = (place - 1) // 2
        return path


def find_proof(tree: bytes, leaf: Leaf) -> list[bytes] | None:
    """The proof of a leaf in a tree of `MerkleTree.to_bytes`; None when the tree does not contain it."""
    count = len(tree) // _SIZE
    hashed = leaf_hash(leaf)
    place = tree.find(hashed, count // 2 * _SIZE)
    while place > 0 and place % _SIZE:
        place = tree.find(hashed, place + 1)
    if place < 0:
        return None
    proof, index = [], place // _SIZE
    while index:
        sibling = index - 1 if index % 2 == 0 else index + 1
        proof.append(tree[sibling * _SIZE : (sibling + 1) * _SIZE])
        index = (index - 1) // 2
    return proof


def verify(root: bytes, leaf: Leaf, proof: Sequence[bytes]) -> bool:
    """True if a proof leads from a leaf to the root."""
    reached = leaf_hash(leaf)
    for sibling in proof:
        reached = hash_pair(reached, sibling)
    return reached == root
