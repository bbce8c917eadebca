"""The report of an epoch and the root that proves it (R51)."""

from __future__ import annotations

import pytest
from django.db import transaction

from protocol.amounts import MICRO
from protocol.merkle import Leaf, MerkleTree, verify
from staking.models import Epoch, NodeEpoch
from tests.network import Network, wallet
from tests.shared_rows import shared

pytestmark = pytest.mark.django_db


@shared
def guilty(net: Network) -> str:
    """Epoch 3: node 1 is slashed 200 and shares nothing, node 2 earns all and the honest part, node 3 nothing."""
    made = [net.node(number, own=2_000) for number in (1, 2, 3)]
    net.settle()
    net.work(made[0], 10, outcome="timeout")
    net.settle()
    net.work(made[1])
    net.settle()
    return made[0]


def leaves_of(number: int) -> list[Leaf]:
    rows = list(NodeEpoch.objects.filter(epoch=number).select_related("node").order_by("node__address"))
    rewards = [Leaf("reward", row.node.address, row.reward + row.honest_reward, number) for row in rows]
    return rewards + [Leaf("slash", row.node.address, row.slashed, number) for row in rows if row.slashed]


def test_every_leaf_is_proved_by_the_root(net: Network, guilty: str) -> None:
    leaves = leaves_of(3)
    assert [(leaf.kind, leaf.amount) for leaf in leaves] == [
        ("reward", 0), ("reward", 30_000 * MICRO + 50 * MICRO), ("reward", 0), ("slash", 200 * MICRO),
    ]  # fmt: skip
    root = bytes.fromhex(Epoch.objects.get(number=3).merkle_root[2:])
    tree = MerkleTree(leaves)
    assert tree.root == root
    for index, leaf in enumerate(leaves):
        assert verify(root, leaf, tree.proof(index))
        assert not verify(root, leaf._replace(amount=leaf.amount + 1), tree.proof(index))


def test_an_empty_network_has_an_empty_root(net: Network) -> None:
    net.settle()
    epoch = Epoch.objects.get(number=1)
    assert (epoch.merkle_root, epoch.totals["nodes"]) == ("0x" + "00" * 32, 0)


def test_totals_and_sums_of_slashes(net: Network, guilty: str) -> None:
    epoch = Epoch.objects.get(number=3)
    assert (epoch.slashed, epoch.burned, epoch.honest, epoch.returned) == (
        200 * MICRO,
        150 * MICRO,
        50 * MICRO,
        0,
    )
    assert epoch.totals == {
        "accepted": 10, "good": 10, "rejected": 0, "operator_reward": 30_000 * MICRO, "delegators_reward": 0,
        "honest_reward": 50 * MICRO, "nodes": 3, "rewarded": 1, "active": 3, "slashes_created": 0,
        "slashes_executed": 1, "self_stake": 5_800 * MICRO, "pool_tokens": 0, "late": 0,
    }  # fmt: skip
    assert Epoch.objects.get(number=2).totals["slashes_created"] == 1


def test_a_row_keeps_the_stake_of_the_next_opening(net: Network, guilty: str) -> None:
    other = net.node(4, own=10)
    net.delegate(other, 1, 70)
    net.delegate(guilty, 1, 30)
    net.redelegate(other, guilty, 1, 20)
    net.settle()
    rows = {row.node.address: row for row in NodeEpoch.objects.filter(epoch=4).select_related("node")}
    assert (rows[guilty].self_stake, rows[guilty].pool_tokens) == (1_800 * MICRO, 50 * MICRO)
    assert (rows[other].pool_tokens, rows[other].active_pool) == (50 * MICRO, 0)
    assert net.value(guilty, 1) + net.value(other, 1) == 100 * MICRO
    assert net.available(wallet(1)) == 0


def test_settling_an_epoch_again_finds_the_same(net: Network, guilty: str) -> None:
    """Every decision is in the hash: offences, slashes, rewards, rows. Another epoch has another one."""
    net.work(guilty, 3, outcome="dropped")
    hashes = []
    for _ in range(2):
        with transaction.atomic():
            hashes.append(net.settle().plan_hash)
            assert net.slash(guilty).evidence != []
            transaction.set_rollback(True)
    assert hashes[0] == hashes[1]
    assert hashes[0] not in Epoch.objects.values_list("plan_hash", flat=True)
