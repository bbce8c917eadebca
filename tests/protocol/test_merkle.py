"""The Merkle tree against OpenZeppelin's own (R51): constants by @openzeppelin/merkle-tree 1.0."""

from __future__ import annotations

import pytest
from eth_abi import encode
from eth_utils import keccak
from hypothesis import given
from hypothesis import strategies as st

from protocol.merkle import (
    EMPTY_ROOT,
    LEAF_ENCODING,
    Leaf,
    MerkleTree,
    encode_leaf,
    leaf_hash,
    verify,
)


def address(number: int) -> str:
    return f"0x{number:040x}"


ONE = [Leaf("reward", address(0xA1), 100_000_000, 1)]
TWO = [*ONE, Leaf("reward", address(0xB2), 0, 1)]
FIVE = [
    Leaf("reward", address(0xA1), 100_000_000, 7),
    Leaf("reward", address(0xB2), 0, 7),
    Leaf("reward", address(0xC3), 2**63 - 1, 7),
    Leaf("slash", address(0xA1), 1_250_000_000, 7),
    Leaf("slash", address(0xC3), 1, 7),
]
ROOTS = [
    (ONE, "0e606070c48428491b3c509a1fecc8fd012c7d16e00f0ccbb8b6273da10ccf5d"),
    (TWO, "ba0b2592a78d805b40ffb13f2980e3be997c48e66f19e8a93e2e0a349fd4a3e3"),
    (FIVE, "531efb3c114c32db47702981a3a4a2040556e3eb0fc2450398da5887d93dc04c"),
]
PROOFS_OF_FIVE = [
    [
        "233a554b9b016a4cd944db41be91b02f75710e52a426479ec905579c293d8919",
        "f36a6d30ff35fe809b941f8c2f9e1adb2b4725d50f8e7044e2904ab39c3ba092",
        "b6cc9c491598f7acf8af41aa626f9b66fed4356d28d18febae1df2663b5bff91",
    ],
    [
        "636751d6fc0a41e964396173909ee504faefc9811ae02a4e664ebc85af4d321e",
        "48851fd6a4f10c69e28b97536fa572438c3fb61fd728a20f511e6d4591d2a558",
    ],
    [
        "7d86ffa4d3edcaed962675655e32adb8c81a8986e6efacf53ddf53c4185091a6",
        "48851fd6a4f10c69e28b97536fa572438c3fb61fd728a20f511e6d4591d2a558",
    ],
    [
        "11ac3fbcd9d9610405ad8449283fdd3f828e6aa119882a4063f4ddb5567a670e",
        "b6cc9c491598f7acf8af41aa626f9b66fed4356d28d18febae1df2663b5bff91",
    ],
    [
        "3d9986789570ac42596eaef614e37444b6d66228dd421a4332a9062242eb47af",
        "f36a6d30ff35fe809b941f8c2f9e1adb2b4725d50f8e7044e2904ab39c3ba092",
        "b6cc9c491598f7acf8af41aa626f9b66fed4356d28d18febae1df2663b5bff91",
    ],
]


@pytest.mark.parametrize(("leaves", "root"), ROOTS)
def test_roots_are_openzeppelins(leaves: list[Leaf], root: str) -> None:
    assert MerkleTree(leaves).root.hex() == root


def test_proofs_are_openzeppelins() -> None:
    tree = MerkleTree(FIVE)
    assert [[step.hex() for step in tree.proof(index)] for index in range(5)] == PROOFS_OF_FIVE


def test_an_epoch_without_nodes_has_an_empty_root() -> None:
    assert MerkleTree([]).root == EMPTY_ROOT


leaves_of = st.builds(
    Leaf,
    st.sampled_from(["reward", "slash"]),
    st.integers(0, 2**160 - 1).map(address),
    st.integers(0, 2**63 - 1),
    st.integers(1, 10**6),
)


@given(leaves_of)
def test_leaves_are_encoded_as_solidity_does(leaf: Leaf) -> None:
    encoded = encode(LEAF_ENCODING, leaf)
    assert encode_leaf(leaf) == encoded
    assert leaf_hash(leaf) == keccak(keccak(encoded))


@given(st.lists(leaves_of, min_size=1, max_size=33, unique=True))
def test_every_proof_proves_its_leaf_and_no_other(leaves: list[Leaf]) -> None:
    tree = MerkleTree(leaves)
    for index, leaf in enumerate(leaves):
        proof = tree.proof(index)
        assert verify(tree.root, leaf, proof)
        assert not verify(tree.root, leaf._replace(amount=leaf.amount + 1), proof)
        assert not verify(tree.root, leaf._replace(epoch=leaf.epoch + 1), proof)
        assert not verify(tree.root, leaf, [*proof, bytes(32)])


@given(st.lists(leaves_of, min_size=1, max_size=12), st.randoms())
def test_the_root_does_not_depend_on_the_order_of_leaves(leaves: list[Leaf], random: object) -> None:
    shuffled = leaves[:]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert MerkleTree(shuffled).root == MerkleTree(leaves).root
