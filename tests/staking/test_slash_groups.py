"""The combined loss of the slashes of one node and epoch (R34)."""

from __future__ import annotations

from itertools import permutations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from protocol import slashing
from protocol.amounts import MICRO
from staking.models import Slash
from staking.selectors.slash_groups import Loss, group_of, groups_of
from tests.network import Network

pytestmark = pytest.mark.django_db


def two_offences(number: int = 1, net: Network | None = None) -> tuple[Network, str]:
    """A node with 1,000 IFM of own stake and 2,000 delegated that drops a job and has less hardware than declared."""
    net = net or Network()
    node = net.node(number, own=1_000)
    net.delegate(node, number, 2_000)
    net.settle()
    net.work(node, 12)
    net.work(node, 1, outcome="dropped")
    net.fake(node)
    net.settle()
    return net, node


def test_only_the_highest_rate_applies() -> None:
    net, node = two_offences()
    group = group_of(net.slash(node, "dropout"))
    assert [slash.offence for slash in group.slashes] == ["dropout", "fake_resources"]
    assert group.loss == group.open_loss == Loss(250 * MICRO, 500 * MICRO)
    assert group.alone(net.slash(node, "dropout")) == Loss(150 * MICRO, 300 * MICRO)
    assert group.alone(net.slash(node, "fake_resources")) == Loss(250 * MICRO, 500 * MICRO)


def test_overturning_the_lower_rate_saves_nothing_and_the_higher_one_the_difference() -> None:
    net, node = two_offences()
    group = group_of(net.slash(node))
    assert group.saved_without(net.slash(node, "dropout")) == Loss(0, 0)
    assert group.saved_without(net.slash(node, "fake_resources")) == Loss(100 * MICRO, 200 * MICRO)


def test_the_combined_loss_equals_the_executed_amounts() -> None:
    net, node = two_offences()
    projected = group_of(net.slash(node)).loss
    net.settle(net.slash(node).due_epoch - net.epoch.number + 1)
    executed = list(Slash.objects.filter(status="executed"))
    assert len(executed) == 2
    assert sum(slash.self_slashed for slash in executed) == projected.own == 250 * MICRO
    assert sum(slash.delegated_slashed for slash in executed) == projected.delegated == 500 * MICRO
    after = group_of(executed[0])
    assert (after.loss, after.open_loss) == (projected, Loss(0, 0))


def test_unbonding_stake_of_the_epoch_is_liable_and_earlier_unbonding_is_not() -> None:
    net = Network()
    node = net.node(1, own=1_000)
    net.settle()
    net.unstake(node, 400)
    net.settle()
    net.work(node, 12)
    net.fake(node)
    net.unstake(node, 200)
    net.settle()
    group = group_of(net.slash(node))
    assert group.available.own == 600 * MICRO
    assert group.loss.own == 150 * MICRO


def test_the_number_of_queries_does_not_depend_on_the_number_of_slashes() -> None:
    net, _ = two_offences(1)
    two_offences(2, net)
    slashes = list(Slash.objects.all())
    assert len(slashes) == 4
    with CaptureQueriesContext(connection) as queries:
        groups = groups_of(slashes)
    assert len(groups) == 2
    assert len(queries) == 3


def test_the_order_of_execution_does_not_change_the_amount() -> None:
    base, there = 999_999_999, 900_000_000
    for rates in permutations((1_000, 1_500, 2_500, 2_500)):
        taken = 0
        for rate in rates:
            taken += slashing.due(rate, base, taken, there - taken)
        assert taken == slashing.due_together(rates, base, 0, there) == 249_999_999
    assert slashing.due_together([10_000], base, 0, there) == there
    assert slashing.due_together([], base, 0, there) == 0
