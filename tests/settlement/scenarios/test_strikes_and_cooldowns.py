"""Strikes, cooldowns and bans: when they begin, what they close, when they end (section 8, R8, R32)."""

from __future__ import annotations

import pytest

from protocol.amounts import MICRO
from protocol.errors import NodeBanned, NodeCooldown, PendingSlash
from staking.models import Node
from staking.selectors.nodes import node_figures
from tests.network import Network, operator

pytestmark = pytest.mark.django_db


def status(net: Network, node: str) -> str:
    return node_figures(node, now=net.now).status


def drop(net: Network, node: str) -> None:
    net.work(node, 5)
    net.work(node, 5, outcome="timeout")


def test_the_worked_example_of_a_cooldown(net: Network) -> None:
    """Section 15, 6: tier 2, offence in epoch 10: closed in 11 … 15, open in 16."""
    node = net.node(own=2_000)
    net.settle(9)
    net.work(node, 1, proof="invalid")
    net.settle()
    assert net.slash(node).cooldown_until == 15
    for epoch in range(11, 16):
        assert (net.epoch.number, status(net, node)) == (epoch, "cooldown")
        with pytest.raises(PendingSlash if epoch == 11 else NodeCooldown):
            net.delegate(node, 1, 1)
        net.work(node)
        net.settle()
        assert (net.row(node).status, net.row(node).weight) == ("cooldown", 0)
    assert status(net, node) == "active"
    net.delegate(node, 1, 1)
    net.work(node)
    net.settle()
    assert (net.row(node).status, net.row(node).weight > 0) == ("active", True)


def test_retirement_does_not_end_a_cooldown(net: Network) -> None:
    """R39: a node earns nothing in an epoch that it spent in cooldown, and again after the cooldown."""
    node, other = net.node(own=1_000), net.node(2, own=1_000)
    net.settle()
    net.work(node, 1, proof="invalid")
    net.settle()
    net.settle(net.slash(node).cooldown_until - 3)
    net.change(node, status="retired")
    for epoch, earns in ((6, False), (7, True)):
        assert net.epoch.number == epoch
        net.work(node)
        net.work(other)
        net.settle()
        assert (net.row(node).status, net.row(node).weight > 0) == ("retired", earns)
        assert net.row(other).weight > 0


def test_the_severity_is_that_of_the_settlement_tier(net: Network) -> None:
    """1,000 active IFM make tier 1, whatever comes in the epoch itself: ceil(3 × 1.25) = 4 epochs."""
    node = net.node(own=1_000)
    net.settle()
    net.fund(operator(1), 50_000)
    net.stake(node, 50_000)
    net.work(node, 1, proof="invalid")
    net.settle()
    assert (net.slash(node).tier, net.slash(node).cooldown_until) == (1, 6)


def test_of_several_cooldowns_the_latest_end_counts(net: Network) -> None:
    node = net.node(own=1_000)
    net.settle()
    net.fake(node)
    net.settle()
    net.fake(node)
    net.settle()
    # 750 IFM are left when the second is judged: tier 1 still, until 3 + 4.
    assert Node.objects.get(address=node).cooldown_until == 7


def test_a_later_and_shorter_cooldown_ends_nothing_sooner(net: Network) -> None:
    """Tier 2 in epoch 2: until 2 + 5. Tier 0 in epoch 3, after most has left: until 3 + 3."""
    node = net.node(own=2_000)
    net.settle()
    net.fake(node)
    net.settle()
    net.unstake(node, 1_999)
    net.fake(node)
    net.settle()
    assert net.slash(node).cooldown_until == 6
    assert node_figures(node, now=net.now).cooldown_until == 7


def test_a_ban_is_pending_at_once_and_final_when_executed(net: Network) -> None:
    node = net.node(own=1_000)
    net.delegate(node, 1, 100)
    net.settle()
    net.work(node, 1, proof="forged")
    net.settle()
    assert status(net, node) == "banned"
    assert net.slash(node).status == "pending"
    for act in (lambda: net.delegate(node, 2, 1), lambda: net.stake(node, 1)):
        with pytest.raises(NodeBanned):
            act()
    net.work(node)
    net.settle()
    assert (net.row(node).status, net.row(node).weight) == ("banned", 0)
    assert status(net, node) == "banned"
    # What is staked can still leave.
    assert net.undelegate(node, 1).unbonding is not None
    assert net.unstake(node).unbonding is not None


def test_forged_and_invalid_proofs_earn_nothing_in_their_epoch() -> None:
    net = Network(emission_per_epoch="100", q_stake_bps=0, q_latency_bps=0)
    made = [net.node(number, own=1_000) for number in (1, 2, 3)]
    net.settle()
    for node in made:
        net.work(node)
    net.work(made[0], 1, proof="invalid")
    net.work(made[1], 1, proof="forged")
    net.settle()
    assert [net.row(node).reward for node in made] == [0, 0, 200 * MICRO]


def test_strikes_one_two_and_three(net: Network) -> None:
    """The first costs the operator, the second the delegators too, the third and later ones bring a cooldown."""
    node = net.node(own=1_000)
    net.delegate(node, 1, 1_000)
    net.settle()
    slashes = []
    for _ in range(3):
        drop(net, node)
        net.settle(2)
        slash = net.slash(node)
        slashes.append((slash.epoch, slash.self_bps, slash.delegated_bps, slash.cooldown_until > 0))
    assert slashes == [(2, 1_000, 0, False), (4, 1_000, 1_000, False), (6, 1_000, 1_000, True)]
    net.settle(4)
    drop(net, node)
    net.settle()
    assert (net.slash(node).epoch, net.slash(node).cooldown_until) == (12, 16)


def test_a_pending_strike_counts_and_one_beyond_the_window_does_not() -> None:
    net = Network(emission_per_epoch="0", sla_strike_window_epochs=2)
    node = net.node(own=1_000)
    net.settle()
    for expected in (0, 1_000, 1_000):
        drop(net, node)
        net.settle()
        assert net.slash(node).delegated_bps == expected
    # The strike of 4 is the first epoch of the window 4 … 5; that of 6 lies before the window 7 … 8.
    for pause, epoch, expected in ((1, 6, 1_000), (2, 9, 0)):
        net.settle(pause)
        drop(net, node)
        net.settle()
        assert (net.slash(node).epoch, net.slash(node).delegated_bps) == (epoch, expected)


def test_nine_jobs_are_too_few_to_judge(net: Network) -> None:
    node = net.node(own=1_000)
    net.settle()
    net.work(node, 9, outcome="timeout")
    net.settle()
    assert not Node.objects.get(address=node).slashes.exists()
    assert (net.row(node).sla_bps, net.row(node).penalty_bps) == (0, 9 * 625)


def test_a_node_away_from_work_is_not_compared(net: Network) -> None:
    """In cooldown a node is in no percentile and supplies no region."""
    slow, cooling = net.node(1, own=1_000), net.node(2, own=1_000, region="us-east")
    net.settle()
    net.work(cooling, 1, latency=10)
    net.work(cooling, 1, proof="invalid")
    net.settle()
    net.work(slow, 10, latency=500, region="us-east")
    net.work(cooling, 10, latency=10)
    net.settle()
    assert (net.row(slow).latency_percentile_bps, net.row(cooling).latency_percentile_bps) == (10_000, 0)
    assert net.row(cooling).scarcity_bps == 0
