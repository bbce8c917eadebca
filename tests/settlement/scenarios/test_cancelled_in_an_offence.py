"""Undelegate and cancel in an epoch with an offence: a slash takes the same as without (R18, R32)."""

from __future__ import annotations

import pytest

from delegation.models import Position
from protocol.amounts import MICRO
from protocol.errors import AmountTooSmall, HeldBySlash
from staking.models import Node, Pool
from tests.network import Network, operator, wallet

pytestmark = pytest.mark.django_db

DAY = 86_400
HALF = [{"name": "dropout", "self_bps": 5_000, "delegated_bps": 5_000}]
EVERYTHING = [{"name": "dropout", "self_bps": 10_000, "delegated_bps": 10_000}]


def late(offences: list[dict[str, object]]) -> tuple[Network, str]:
    """Epoch 2 is open and epoch 4 has begun: own stake of 1,000 IFM, wallet 1 with 600; custodial, nothing returns."""
    net = Network(emission_per_epoch="0", offences=offences)
    node = net.node(own=1_000, custodial=True)
    net.delegate(node, 1, 600)
    net.settle()
    net.wait(2 * DAY)
    assert (net.epoch.number, net.epoch.newest(net.now)) == (2, 4)
    return net, node


@pytest.mark.parametrize("cancelled", [False, True], ids=["stays", "leaves and returns"])
def test_a_delegation_loses_the_same_whether_it_stays_or_leaves_and_returns(cancelled: bool) -> None:
    net, node = late(HALF)
    net.work(node, 1, outcome="dropped")
    if cancelled:
        entry = net.undelegate(node, 1, 600).unbonding
        net.cancel(entry.pk, wallet(1))
    net.settle()
    slash = net.slash(node)
    assert (slash.epoch, slash.base_self, slash.base_delegated) == (2, 1_000 * MICRO, 600 * MICRO)
    assert net.available(wallet(1)) == 0
    net.settle()
    slash.refresh_from_db()
    assert (slash.self_slashed, slash.delegated_slashed) == (500 * MICRO, 300 * MICRO)
    assert net.value(node, 1) == 300 * MICRO


@pytest.mark.parametrize("cancelled", [False, True], ids=["stays", "leaves and returns"])
def test_own_stake_loses_the_same_whether_it_stays_or_leaves_and_returns(cancelled: bool) -> None:
    net, node = late(HALF)
    net.work(node, 1, outcome="dropped")
    if cancelled:
        net.cancel(net.unstake(node, 1_000).unbonding.pk, operator(1))
    net.settle()
    assert net.slash(node).base_self == 1_000 * MICRO
    net.settle()
    slash = net.slash(node)
    assert (slash.self_slashed, slash.delegated_slashed) == (500 * MICRO, 300 * MICRO)
    assert Node.objects.get().self_stake == 500 * MICRO


def test_what_is_added_late_beside_a_cancelled_entry_is_refunded_and_the_rest_is_slashed() -> None:
    net, node = late(HALF)
    net.delegate(node, 1, 200)
    entry = net.undelegate(node, 1, 500).unbonding
    net.cancel(entry.pk, wallet(1))
    net.work(node, 1, outcome="dropped")
    net.settle()
    # 200 counted as made in epoch 4: they come back, and 600 are liable.
    assert net.slash(node).base_delegated == 600 * MICRO
    assert net.available(wallet(1)) == 200 * MICRO
    net.settle()
    assert (net.slash(node).delegated_slashed, net.value(node, 1)) == (300 * MICRO, 300 * MICRO)


def test_a_redelegation_beside_a_cancelled_entry_does_not_leave_an_offence() -> None:
    net, node = late(HALF)
    other = net.node(2, own=1_000)
    net.redelegate(node, other, 1, 400)
    entry = net.undelegate(node, 1, 150).unbonding
    net.cancel(entry.pk, wallet(1))
    net.work(node, 1, outcome="dropped")
    net.settle()
    assert net.slash(node).base_delegated == 600 * MICRO
    assert not Position.objects.filter(node__address=other, shares__gt=0).exists()
    net.settle()
    assert (net.slash(node).delegated_slashed, net.value(node, 1)) == (300 * MICRO, 300 * MICRO)


def test_an_entry_cannot_be_cancelled_into_an_accused_node_and_is_slashed_where_it_is() -> None:
    net, node = late(HALF)
    entry = net.undelegate(node, 1, 600).unbonding
    net.work(node, 1, outcome="dropped")
    net.settle()
    with pytest.raises(HeldBySlash):
        net.cancel(entry.pk, wallet(1))
    net.settle()
    assert net.slash(node).delegated_slashed == 300 * MICRO
    assert (net.value(node, 1), net.entry(entry)) == (0, 300 * MICRO)


def test_a_pool_that_is_voided_late_takes_what_left_and_returned_along() -> None:
    net, node = late(EVERYTHING)
    returned = net.undelegate(node, 1, 200).unbonding
    left = net.undelegate(node, 1, 100).unbonding
    net.cancel(returned.pk, wallet(1))
    net.work(node, 1, outcome="dropped")
    net.settle(2)
    slash = net.slash(node)
    assert (slash.self_slashed, slash.delegated_slashed, slash.burned) == (
        1_000 * MICRO,
        600 * MICRO,
        1_200 * MICRO,
    )
    pool = Pool.objects.get(node__address=node)
    assert (pool.tokens, pool.shares, pool.generation) == (0, 0, 2)
    assert (net.value(node, 1), net.entry(left)) == (0, 0)
    # An entry of the voided generation does not return into the new one.
    with pytest.raises(AmountTooSmall):
        net.cancel(left.pk, wallet(1))
    net.settle(2)
    assert net.value(node, 1) == 0
