"""Distribution of rewards: the split, joiners and leavers, claims (R13, R39–R42; section 15, 1)."""

from __future__ import annotations

import pytest

from delegation.selectors.earnings import earned_by_epoch
from protocol.amounts import MICRO
from protocol.errors import NothingToClaim
from staking.models import Epoch
from tests.network import Network, operator, wallet

pytestmark = pytest.mark.django_db


def test_the_split_end_to_end() -> None:
    """100 IFM over an operator's 2,000 and delegators' 1,500 and 500 at 80 %: 60, 30 and 10."""
    net = Network(emission_per_epoch="100")
    node = net.node(own=2_000)
    net.delegate(node, 1, 1_500)
    net.delegate(node, 2, 500)
    net.settle()
    net.work(node)
    net.settle()
    # Nobody worked in epoch 1, so its 100 IFM are in the pool of epoch 2.
    row = net.row(node)
    assert (row.reward, row.operator_reward, row.delegators_reward) == (200 * MICRO, 120 * MICRO, 80 * MICRO)
    assert (net.claim(node, 1), net.claim(node, 2), net.claim_own(node)) == (
        60 * MICRO,
        20 * MICRO,
        120 * MICRO,
    )
    net.work(node)
    net.settle()
    assert (net.owed(node, 1), net.owed(node, 2)) == (30 * MICRO, 10 * MICRO)
    assert net.row(node).operator_reward == 60 * MICRO
    net.check()


def test_who_joins_in_an_epoch_earns_from_the_next() -> None:
    net = Network(emission_per_epoch="100")
    node = net.node(own=1_000)
    net.delegate(node, 1, 1_000)
    net.settle()
    net.wait(43_200)
    net.delegate(node, 2, 1_000)
    net.work(node)
    net.settle()
    # Epoch 2 weighs 1,000 and 1,000: what came at noon neither earns nor dilutes.
    assert (net.owed(node, 1), net.owed(node, 2)) == (80 * MICRO, 0)
    assert net.row(node).active_pool == 1_000 * MICRO
    net.work(node)
    net.settle()
    # Epoch 3: two thirds of 100 IFM are delegated, 80 % of them the delegators', a half each.
    assert (net.owed(node, 1), net.owed(node, 2)) == (80 * MICRO + 26_666_666, 26_666_666)


def test_pending_self_stake_neither_earns_nor_weighs() -> None:
    net = Network(emission_per_epoch="100")
    node = net.node(own=1_000)
    net.delegate(node, 1, 1_000)
    net.settle()
    net.fund(operator(1), 8_000)
    net.stake(node, 8_000)
    net.work(node)
    net.settle()
    row = net.row(node)
    assert (row.active_stake, row.tier, row.self_stake) == (1_000 * MICRO, 2, 9_000 * MICRO)
    assert row.delegators_reward == 80 * MICRO
    net.work(node)
    net.settle()
    row = net.row(node)
    # Tier 3 now: floor(100 × 1,000 / 10,000) × 80 % = 8.
    assert (row.active_stake, row.tier, row.delegators_reward) == (9_000 * MICRO, 3, 8 * MICRO)


def test_five_epochs_of_eighty_to_twenty_with_leavers() -> None:
    """Operator 3,000; A 600, B 300, C 100. B goes in epoch 4, half of A in epoch 5, C joins with 400 more in 5."""
    net = Network(emission_per_epoch="1000")
    node = net.node(own=3_000)
    for number, amount in ((1, 600), (2, 300), (3, 100)):
        net.delegate(node, number, amount)
    net.settle()
    earned = []
    for epoch in range(2, 7):
        if epoch == 4:
            net.undelegate(node, 2)
        if epoch == 5:
            net.undelegate(node, 1, 300)
            net.delegate(node, 3, 400)
        net.work(node)
        net.settle()
        earned.append((net.row(node).operator_reward, *(net.owed(node, number) for number in (1, 2, 3))))
    # 2: 2,000 IFM, a quarter delegated: 400 to the delegators, 6 : 3 : 1.   3: half of that.
    # 4: 1,000 × 700 / 3,700 = 189.189189, 80 %: 151.351351, 6 : 1.
    # 5: 1,000 × 400 / 3,400 = 117.647058, 80 %: 94.117646, 3 : 1 (what C brought is pending).
    # 6: 1,000 × 800 / 3,800 = 210.526315, 80 %: 168.421052, 3 : 5.
    assert earned == [
        (1_600 * MICRO, 240 * MICRO, 120 * MICRO, 40 * MICRO),
        (800 * MICRO, 360 * MICRO, 180 * MICRO, 60 * MICRO),
        (848_648_649, 489_729_729, 180 * MICRO, 81_621_621),
        (905_882_354, 560_317_963, 180 * MICRO, 105_151_033),
        (831_578_948, 623_475_858, 180 * MICRO, 210_414_190),
    ]


def test_claiming_often_pays_what_claiming_once_pays() -> None:
    net = Network(emission_per_epoch="7.000001")
    node = net.node(own=1_234)
    net.delegate(node, 1, 777.777777)
    net.delegate(node, 2, 777.777777)
    net.delegate(node, 3, 3.000001)
    net.settle()
    claimed = 0
    for _ in range(6):
        net.work(node)
        net.settle()
        claimed += net.claim(node, 1)
    assert claimed == net.owed(node, 2) == net.claim(node, 2)
    assert net.available(wallet(1)) == net.available(wallet(2)) == claimed
    with pytest.raises(NothingToClaim):
        net.claim(node, 2)


def test_what_was_earned_epoch_by_epoch_sums_to_what_can_be_claimed() -> None:
    net = Network(emission_per_epoch="7.000001")
    node = net.node(own=1_234)
    net.delegate(node, 1, 777.777777)
    net.delegate(node, 2, 3.000001)
    net.settle()
    for epoch in range(2, 8):
        if epoch == 4:
            net.undelegate(node, 1, 100.5)
        if epoch == 5:
            net.delegate(node, 1, 11.1)
            net.claim(node, 1)
        net.work(node)
        net.settle()
    earned = earned_by_epoch(wallet(1), first=1, last=7)
    assert [row.epoch for row in earned] == [2, 3, 4, 5, 6, 7]
    assert sum(row.amount for row in earned) == net.available(wallet(1)) + net.owed(node, 1)


def test_a_share_changes_with_the_next_epoch() -> None:
    net = Network(emission_per_epoch="100")
    node = net.node(own=1_000)
    net.delegate(node, 1, 1_000)
    net.settle()
    net.change(node, delegator_share_bps=7_500)
    net.change(node, delegator_share_bps=9_000)
    net.change(node, delegator_share_bps=7_600)
    for _ in range(2):
        net.work(node)
        net.settle()
    assert [net.row(node, epoch).share_bps for epoch in (1, 2, 3)] == [8_000, 8_000, 7_600]
    assert net.row(node, 3).delegators_reward == 38 * MICRO


def test_weights_share_the_pool_and_the_carry_goes_on() -> None:
    """Weights 7 : 5 : 3 of 100 IFM: 46.666666, 33.333333 and 20, 1 µIFM is carried."""
    net = Network(emission_per_epoch="100", q_stake_bps=0, q_latency_bps=0, q_scarcity_bps=0)
    made = [net.node(number, own=100) for number in (1, 2, 3)]
    net.settle()
    for node, credits in zip(made, (7, 5, 3), strict=True):
        net.work(node, credits=credits)
    first = Epoch.objects.get(number=1)
    assert (first.pool, first.distributed, first.carry) == (100 * MICRO, 0, 100 * MICRO)
    net.settle()
    assert [net.row(node).reward for node in made] == [93_333_333, 66_666_666, 40_000_000]
    second = Epoch.objects.get(number=2)
    assert (second.pool, second.distributed, second.carry) == (200 * MICRO, 199_999_999, 1)
