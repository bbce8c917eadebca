"""Proofs of an epoch's report: leaves from its rows, the way to the root from the stored tree (R51, R55)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from django.db import connection

from protocol.addresses import checksum
from protocol.errors import NotFound
from protocol.exits import TokenSums, exit_leaves
from protocol.merkle import Leaf, find_proof, leaf_hash
from staking.models import Epoch, EpochTree, ExitSums


class ProvenLeaf(NamedTuple):
    """A leaf and its Merkle proof: the sibling hashes on the way to the root."""

    leaf: Leaf
    proof: tuple[bytes, ...]


class Proof(NamedTuple):
    """The root of an epoch's tree and the leaves of an address in it."""

    root: str
    leaves: tuple[ProvenLeaf, ...]


LEAVES = """
SELECT e.status, e.merkle_root, n.reward + n.honest_reward, n.slashed, x.minted, x.burned, x.released
FROM staking_epoch e
LEFT JOIN staking_node s ON s.address = %(address)s
LEFT JOIN staking_nodeepoch n ON n.epoch = e.number AND n.node_id = s.id
LEFT JOIN staking_exitsums x ON x.epoch = e.number AND x.wallet = %(address)s
WHERE e.number = %(number)s
"""
# The siblings on the way from each leaf to the root, whose own row has none. A tree of 10,000 leaves has 640 KB: it
# stays in the database.
PATHS = """
WITH RECURSIVE leaf AS (
  SELECT l.number, position(l.hash IN t.hashes) - 1 AS byte
  FROM staking_epochtree t, unnest(%(hashes)s::bytea[]) WITH ORDINALITY l(hash, number) WHERE t.epoch = %(epoch)s
), path AS (
  SELECT number, byte / 32 AS place, 0 AS step FROM leaf WHERE byte >= 0 AND byte %% 32 = 0
  UNION ALL SELECT number, (place - 1) / 2, step + 1 FROM path WHERE place > 0
)
SELECT p.number, CASE WHEN p.place > 0 THEN
  substring(t.hashes FROM 32 * (p.place + CASE p.place %% 2 WHEN 0 THEN -1 ELSE 1 END) + 1 FOR 32) END
FROM path p JOIN staking_epochtree t ON t.epoch = %(epoch)s ORDER BY p.number, p.step
"""


def proof_of(number: int, address: str) -> Proof:
    """The leaves of a node, or of a wallet with an exit, in an epoch's tree.

    Raises: `not_found`, also while the epoch is not settled; AssertionError when a row is not what was settled.
    """
    with connection.cursor() as cursor:
        cursor.execute(LEAVES, {"number": number, "address": address})
        row = cursor.fetchone()
    if row is None:
        raise NotFound(f"There is no epoch {number}.", field="epoch")
    status, root, reward, slashed, *sums = row
    if status != Epoch.Status.SETTLED:
        raise NotFound(f"Epoch {number} is not settled yet, so it has no proofs.", field="epoch")
    leaves = [] if reward is None else [Leaf("reward", address, reward, number)]
    leaves += [Leaf("slash", address, slashed, number)] if slashed else []
    leaves += [] if sums[0] is None else exit_leaves(address, TokenSums(*sums), number)
    if not leaves:
        raise NotFound(
            f"Epoch {number} has no leaf for {checksum(address)}: nodes have one, and wallets with an exit in it."
        )
    return Proof(root, tuple(_with_paths(leaves)))


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


def _with_paths(leaves: Sequence[Leaf]) -> Iterator[ProvenLeaf]:
    """The leaves of one epoch with their proofs; one query."""
    paths: dict[int, list[bytes]] = {}
    with connection.cursor() as cursor:
        cursor.execute(PATHS, {"hashes": [leaf_hash(leaf) for leaf in leaves], "epoch": leaves[0].epoch})
        for number, sibling in cursor.fetchall():
            paths.setdefault(number, []).extend([] if sibling is None else [bytes(sibling)])
    for number, leaf in enumerate(leaves, 1):
        if number not in paths:
            raise AssertionError(f"the rows of epoch {leaf.epoch} do not have the root that was settled")
        yield ProvenLeaf(leaf, tuple(paths[number]))


def _proven(tree: bytes, leaf: Leaf) -> ProvenLeaf:
    proof = find_proof(tree, leaf)
    if proof is None:
        raise AssertionError(f"the rows of epoch {leaf.epoch} do not have the root that was settled")
    return ProvenLeaf(leaf, tuple(proof))
