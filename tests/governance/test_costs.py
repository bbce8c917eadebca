"""The projected cost of a slash equals the executed one, for the node and for each wallet."""

from __future__ import annotations

import pytest

from governance.selectors.costs import cost_of, wallet_cost
from protocol.amounts import MICRO
from protocol.pools import value_of
from staking.models import Bucket, Pool, Slash, StakeCheckpoint, Unbonding
from staking.services.unbonding_entries import worth
from tests.network import Network, operator, wallet

pytestmark = pytest.mark.django_db

WALLETS = [operator(1), *(wallet(number) for number in range(1, 5))]


def belongings(node_id: int, owner: str) -> int:
    """Stake, delegation and unbonding of a wallet at the node, µIFM."""
    pool = Pool.objects.select_related("node").get(node_id=node_id)
    total = pool.node.self_stake if pool.node.operator == owner else 0
    held = StakeCheckpoint.objects.filter(wallet=owner, node_id=node_id).order_by("-epoch").first()
    if held is not None and held.generation == pool.generation:
        total += value_of(held.shares, pool.tokens, pool.shares)
    entries = Unbonding.objects.filter(wallet=owner, node_id=node_id, status="open").select_related("bucket")
    return total + sum(worth(entry) for entry in entries)


def slashed_node(offence: str, *, custodial: bool, leave_early: bool = False) -> tuple[Network, Slash]:
    """A node that committed an offence, with a delegator and its operator leaving in that epoch and after it."""
    net = Network()
    node = net.node(1, own=1_000, custodial=custodial)
    net.node(2, own=3_000)
    for number in (1, 2, 3):
        net.delegate(node, number, 1_000 * number + number / MICRO)
    net.settle()
    if leave_early:
        net.undelegate(node, 1, 500)
        net.settle()
    net.work(node, 12)
    net.work(node, 1, outcome="dropped") if offence == "dropout" else net.fake(node)
    net.undelegate(node, 2, 333.333333)
    net.unstake(node, 100)
    net.settle()
    net.undelegate(node, 3)
    net.unstake(node, 77)
    return net, net.slash(node, offence)


@pytest.mark.parametrize("custodial", [False, True])
@pytest.mark.parametrize("offence", ["dropout", "fake_resources"])
@pytest.mark.parametrize("leave_early", [False, True])
def test_the_projected_cost_equals_the_executed_slash(
    offence: str, custodial: bool, leave_early: bool
) -> None:
    net, slash = slashed_node(offence, custodial=custodial, leave_early=leave_early)
    cost = cost_of(slash, net.epoch.params)
    projection = {owner: wallet_cost(slash, cost, owner) for owner in WALLETS}
    before = {owner: belongings(slash.node_id, owner) for owner in WALLETS}
    net.settle()
    slash.refresh_from_db()
    taken = (slash.slashed, slash.burned, slash.honest, slash.returned)
    assert (cost.slashed, cost.burned, cost.honest, cost.returned) == taken
    assert cost.slashed > 0
    assert sum(part.taken for part in cost.delegated) == slash.delegated_slashed
    after = {owner: belongings(slash.node_id, owner) for owner in WALLETS}
    for owner in WALLETS:
        assert projection[owner].net == before[owner] - after[owner]
    assert projection[wallet(4)].exposed is False
    assert (cost.returned == 0) == custodial
    assert cost.stake_after == Pool.objects.get(node_id=slash.node_id).tokens + _own(slash)


def test_stake_unbonded_before_the_offence_is_not_liable() -> None:
    net, slash = slashed_node("dropout", custodial=False, leave_early=True)
    free = Bucket.objects.get(node_id=slash.node_id, epoch=slash.epoch - 1)
    assert all(part.bucket != free.pk for part in cost_of(slash, net.epoch.params).delegated)


def test_two_offences_in_one_epoch_take_the_larger_penalty() -> None:
    net = Network()
    node = net.node(1, own=1_000)
    net.delegate(node, 1, 1_000)
    net.settle()
    net.fake(node)
    net.work(node, 12)
    net.work(node, 1, outcome="dropped")
    net.settle()
    heavier, lighter = net.slash(node, "fake_resources"), net.slash(node, "dropout")
    assert cost_of(heavier, net.epoch.params).slashed == 500 * MICRO
    assert cost_of(lighter, net.epoch.params).slashed == 300 * MICRO
    net.settle()
    heavier.refresh_from_db()
    lighter.refresh_from_db()
    assert heavier.slashed + lighter.slashed == 500 * MICRO


def _own(slash: Slash) -> int:
    slash.node.refresh_from_db()
    return slash.node.self_stake
