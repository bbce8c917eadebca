"""Proofs of an epoch's report: leaves from its rows, the way to the root from the stored tree (R51, R55)."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from protocol.addresses import checksum
from protocol.errors import NotFound
from protocol.exits import TokenSums, exit_leaves
from protocol.merkle import Leaf, find_proof
from staking.models import Epoch, EpochTree, ExitSums, NodeEpoch
from staking.selectors.epochs import epoch as read_epoch


class ProvenLeaf(NamedTuple):
    """A leaf and its Merkle proof: the sibling hashes on the way to the root."""

    leaf: Leaf
    proof: tuple[bytes, ...]


class Proof(NamedTuple):
    """The root of an epoch's tree and the leaves of an address in it."""

    root: str
    leaves: tuple[ProvenLeaf, ...]


def proof_of(number: int, address: str) -> Proof:
    """The leaves of a node, or of a wallet with an exit, in an epoch's tree.

    Raises: `not_found`, also while the epoch is not settled; AssertionError when a row is not what was settled.
    """
    epoch = read_epoch(number)
    if epoch.status != Epoch.Status.SETTLED:
        raise NotFound(f"Epoch {number} is not settled yet, so it has no proofs.")
    leaves = _leaves(number, address)
    if not leaves:
        raise NotFound(
            f"Epoch {number} has no leaf for {checksum(address)}: nodes have one, and wallets with an exit in it."
        )
    tree = bytes(EpochTree.objects.values_list("hashes", flat=True).get(epoch=number))
    return Proof(epoch.merkle_root, tuple(_proven(tree, leaf) for leaf in leaves))


def exit_proofs(wallet: str, epochs: Collection[int]) -> dict[int, Proof]:
    """The leaves of a wallet's exits by settled epoch; three queries."""
    rows = ExitSums.objects.filter(epoch__in=epochs, wallet=wallet).values_list("epoch", *TokenSums._fields)
    roots = dict(Epoch.objects.filter(number__in=epochs).values_list("number", "merkle_root"))
    trees = dict(EpochTree.objects.filter(epoch__in=epochs).values_list("epoch", "hashes"))
    return {
        epoch: Proof(
            roots[epoch],
            tuple(
                _proven(bytes(trees[epoch]), leaf) for leaf in exit_leaves(wallet, TokenSums(*sums), epoch)
            ),
        )
        for epoch, *sums in rows
    }


def _leaves(number: int, address: str) -> list[Leaf]:
    leaves = []
    row = (
        NodeEpoch.objects.filter(epoch=number, node__address=address)
        .values_list("reward", "honest_reward", "slashed")
        .first()
    )
    if row is not None:
        reward, honest, slashed = row
        leaves.append(Leaf("reward", address, reward + honest, number))
        leaves += [Leaf("slash", address, slashed, number)] if slashed else []
    sums = ExitSums.objects.filter(epoch=number, wallet=address).values_list(*TokenSums._fields).first()
    return leaves if sums is None else leaves + exit_leaves(address, TokenSums(*sums), number)


def _proven(tree: bytes, leaf: Leaf) -> ProvenLeaf:
    proof = find_proof(tree, leaf)
    if proof is None:
        raise AssertionError(f"the rows of epoch {leaf.epoch} do not have the root that was settled")
    return ProvenLeaf(leaf, tuple(proof))
