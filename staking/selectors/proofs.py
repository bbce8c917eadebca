"""Proofs of an epoch's report: leaves from its rows, the way to the root from the stored tree (R51, R55)."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from django.db import connection

from protocol.addresses import checksum
from protocol.errors import NotFound
from protocol.exits import TokenSums, exit_leaves
from protocol.merkle import Leaf, find_proof
from staking.models import Epoch, EpochTree, ExitSums


class ProvenLeaf(NamedTuple):
    """A leaf and its Merkle proof: the sibling hashes on the way to the root."""

    leaf: Leaf
    proof: tuple[bytes, ...]


class Proof(NamedTuple):
    """The root of an epoch's tree and the leaves of an address in it."""

    root: str
    leaves: tuple[ProvenLeaf, ...]


# One round trip; the tree only where there is a leaf in it.
LEAVES = """
SELECT e.status, e.merkle_root, n.reward + n.honest_reward, n.slashed, x.minted, x.burned, x.released,
  CASE WHEN n.epoch IS NOT NULL OR x.epoch IS NOT NULL THEN t.hashes END
FROM staking_epoch e
LEFT JOIN staking_epochtree t ON t.epoch = e.number
LEFT JOIN staking_node s ON s.address = %(address)s
LEFT JOIN staking_nodeepoch n ON n.epoch = e.number AND n.node_id = s.id
LEFT JOIN staking_exitsums x ON x.epoch = e.number AND x.wallet = %(address)s
WHERE e.number = %(number)s
"""


def proof_of(number: int, address: str) -> Proof:
    """The leaves of a node, or of a wallet with an exit, in an epoch's tree.

    Raises: `not_found`, also while the epoch is not settled; AssertionError when a row is not what was settled.
    """
    with connection.cursor() as cursor:
        cursor.execute(LEAVES, {"number": number, "address": address})
        row = cursor.fetchone()
    if row is None:
        raise NotFound(f"There is no epoch {number}.")
    status, root, reward, slashed, *sums, tree = row
    if status != Epoch.Status.SETTLED:
        raise NotFound(f"Epoch {number} is not settled yet, so it has no proofs.")
    leaves = [] if reward is None else [Leaf("reward", address, reward, number)]
    leaves += [Leaf("slash", address, slashed, number)] if slashed else []
    leaves += [] if sums[0] is None else exit_leaves(address, TokenSums(*sums), number)
    if not leaves:
        raise NotFound(
            f"Epoch {number} has no leaf for {checksum(address)}: nodes have one, and wallets with an exit in it."
        )
    return Proof(root, tuple(_proven(bytes(tree), leaf) for leaf in leaves))


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


def _proven(tree: bytes, leaf: Leaf) -> ProvenLeaf:
    proof = find_proof(tree, leaf)
    if proof is None:
        raise AssertionError(f"the rows of epoch {leaf.epoch} do not have the root that was settled")
    return ProvenLeaf(leaf, tuple(proof))
