"""The ranking: its window, order and interval (R49)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from staking.models import Ranking, RankingRow
from staking.services.rankings import rank, rank_due
from tests.network import START, Network

pytestmark = pytest.mark.django_db


def ranked(net: Network) -> list[tuple[str, int]]:
    """Nodes with their scores, best first."""
    made = rank(now=net.now)
    assert made is not None
    rows = RankingRow.objects.filter(ranking=made).order_by("rank").select_related("node")
    assert [row.rank for row in rows] == list(range(1, made.nodes + 1))
    return [(row.node.address, row.score_bps) for row in rows]


def test_a_node_without_a_window_scores_ten_thousand_and_is_sound(net: Network) -> None:
    """Silent in slots that others filled, yet neither ten jobs nor a settled epoch to judge it by."""
    other, node = net.node(1, own=2), net.node(2, own=1)
    net.beat(other, range(144))
    net.wait(43_200)
    net.work(node, 9, outcome="timeout")
    assert ranked(net) == [(other, 10_000), (node, 10_000)]


def test_the_open_epoch_counts_from_ten_jobs_on(net: Network) -> None:
    node = net.node(1)
    net.work(node, 10)
    net.settle()
    assert ranked(net) == [(node, 12_200)]
    # Nine failures are in: still the settled epoch, uptime and all.
    net.work(node, 9, outcome="timeout")
    assert ranked(net) == [(node, 12_200)]
    net.work(node, 1, outcome="timeout")
    assert ranked(net) == [(node, 6_100)]


def test_of_the_open_epoch_only_slots_that_are_over_count(net: Network) -> None:
    """After an hour twelve are over; a heartbeat in the thirteenth, and one sent ahead, add nothing (R25)."""
    here, away = net.node(1), net.node(2)
    net.beat(here, range(14))
    net.beat(away, (0, 12, 13))
    net.wait(3_600)
    for node in (here, away):
        net.work(node, 10)
    ranked(net)
    uptimes = dict(RankingRow.objects.values_list("node__address", "uptime_bps"))
    assert uptimes == {here: 10_000, away: 10_000 // 12}


def test_penalties_lower_the_score(net: Network) -> None:
    node = net.node(1)
    net.work(node, 9)
    net.work(node, 1, outcome="dropped")
    net.settle()
    row = net.row(node)
    # SLA 90 %: half of the way from 5,000 to 10,000; one failure and one slash.
    assert (row.q_bps, row.penalty_bps) == (12_200 * 7_500 // 10_000, 500 + 2_500)
    assert ranked(net) == [(node, 9_150 * 7_000 // 10_000)]


def test_the_order_and_its_ties(net: Network) -> None:
    """Degraded ones last whatever their score; then score, effective stake with what is pending, address."""
    made = [net.node(number, region=f"r{number}") for number in range(1, 6)]
    for node in made:
        net.work(node, 10)
    net.work(made[0], 10, outcome="rejected")
    net.settle()
    net.delegate(made[3], 1, 5)
    assert [node for node, _ in ranked(net)] == [made[3], made[1], made[2], made[4], made[0]]


def test_only_active_nodes_are_ranked(net: Network) -> None:
    made = [net.node(number, own=1_000) for number in range(1, 5)]
    net.settle()
    net.work(made[0], 1, proof="forged")
    net.work(made[1], 1, proof="invalid")
    net.change(made[2], status="retired")
    net.settle()
    assert [node for node, _ in ranked(net)] == [made[3]]


def test_a_node_without_stake_is_ranked_while_it_has_a_recent_receipt(net: Network) -> None:
    """From its first receipt in epoch 1 up to epoch 31, whatever its outcome; with stake it is ranked in any case."""
    staked, worked, _idle = net.node(1, own=1), net.node(2), net.node(3)
    assert {node for node, _ in ranked(net)} == {staked}
    net.work(worked, 1, outcome="rejected")
    assert {node for node, _ in ranked(net)} == {staked, worked}
    net.settle(30)
    assert net.epoch.number == 31
    assert {node for node, _ in ranked(net)} == {staked, worked}
    net.settle()
    assert {node for node, _ in ranked(net)} == {staked}
    assert net.row(worked).last_receipt_epoch == 1
    net.work(worked, 1)
    assert {node for node, _ in ranked(net)} == {staked, worked}


def test_movement_since_the_former_ranking(net: Network) -> None:
    first, second = net.node(1, own=1), net.node(2, own=1)
    ranked(net)
    net.delegate(second, 1, 5)
    third = net.node(3, own=1)
    ranked(net)
    rows = RankingRow.objects.filter(ranking=Ranking.objects.latest("id")).order_by("rank")
    assert [(row.node.address, row.movement) for row in rows.select_related("node")] == [
        (second, 1),
        (first, -1),
        (third, None),
    ]


def test_one_ranking_a_period(net: Network) -> None:
    net.node(1)
    assert rank_due(now=START) is not None
    assert rank_due(now=START + timedelta(hours=6) - timedelta(milliseconds=1)) is None
    assert rank_due(now=START + timedelta(hours=6)) is not None
    # Periods in which nothing ran are left out.
    assert rank_due(now=START + timedelta(hours=23)) is not None
    assert rank_due(now=START + timedelta(hours=23, minutes=59)) is None
    assert Ranking.objects.count() == 3


def test_the_apr_is_a_years_worth_of_what_delegators_earned() -> None:
    """40 IFM a day on the 1,000 that are at work from epoch 2 on: 4 % × 365 = 1,460 %."""
    net = Network(emission_per_epoch="100")
    node = net.node(1, own=1_000)
    net.delegate(node, 1, 1_000)
    net.work(node)
    net.settle()
    for _ in range(2):
        net.work(node)
        net.settle()
    ranked(net)
    assert RankingRow.objects.get().apr_bps == 40 * 365 * 10


def test_the_apr_looks_back_thirty_epochs() -> None:
    """Earnings of epoch 2 count until epoch 31 is settled, spread over the thirty epochs."""
    net = Network(emission_per_epoch="100", q_stake_bps=0)
    node = net.node(1, own=1_000)
    net.delegate(node, 1, 1_000)
    net.settle()
    net.work(node)
    for _ in range(30):
        net.settle(sound=False)
    ranked(net)
    # 80 of 200 IFM: 8 % of 1,000 in 30 days.
    assert RankingRow.objects.get().apr_bps == 800 * 365 // 30
    net.settle(sound=False)
    ranked(net)
    assert RankingRow.objects.latest("ranking_id").apr_bps == 0


def test_an_apr_beyond_any_rate_of_interest_is_ranked_all_the_same() -> None:
    """8,000 IFM in a minute on 2,000 at work are 210,240,000 % a year; a single µIFM may earn more yet."""
    net = Network(epoch_seconds=60, unbonding_seconds=180, heartbeat_slot_seconds=10, min_amount="0.000001")
    node = net.node(1, own=2_000)
    net.delegate(node, 1, 2_000)
    net.settle()
    net.work(node)
    net.settle()
    ranked(net)
    assert RankingRow.objects.get().apr_bps == 4 * 525_600 * 10_000
    net.unstake(node)
    net.undelegate(node, 1)
    net.delegate(node, 2, 0.000001)
    for _ in range(40):
        net.settle()
    net.work(node)
    net.settle()
    ranked(net)
    assert RankingRow.objects.latest("ranking_id").apr_bps == 2**63 - 1
