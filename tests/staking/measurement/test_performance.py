"""Performance as the settlement finds it in receipts and heartbeats (R22–R29)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from protocol.amounts import MICRO
from staking.models import NodeEpoch
from staking.services.parameters import schedule
from tests.network import Network

pytestmark = pytest.mark.django_db

SLOTS = 288


def figures(row: NodeEpoch, *names: str) -> tuple[object, ...]:
    return tuple(getattr(row, name) for name in names)


def test_what_counts_as_accepted_and_as_good(net: Network) -> None:
    node = net.node(own=100)
    net.work(node, 4)
    net.work(node, 1, proof="unchecked")
    net.work(node, 1, proof="missing")
    net.work(node, 1, latency=2_000)
    net.work(node, 1, latency=2_001)
    net.work(node, 1, outcome="timeout")
    net.work(node, 2, outcome="rejected")
    net.settle()
    row = net.row(node)
    assert figures(row, "accepted", "good", "rejected", "sla_bps", "rejection_bps") == (9, 6, 2, 6_666, 1_818)
    # Credits of good jobs alone; the latency is the mean of theirs.
    assert figures(row, "credits", "latency_ms") == (6_000, (5 * 100 + 2_000) // 6)


def test_without_an_accepted_job_the_sla_is_unknown(net: Network) -> None:
    node = net.node(own=100)
    net.work(node, 3, outcome="rejected")
    net.settle()
    row = net.row(node)
    assert figures(row, "sla_bps", "q_sla", "rejection_bps", "degraded", "reputation") == (
        None,
        10_000,
        10_000,
        True,
        500,
    )


def test_the_worked_example_of_q_end_to_end() -> None:
    """Section 15, 5 (1.24×): 94 of 100 others slower, 2,400 IFM, all jobs good, no scarcity, 285.4 of 288 slots."""
    net = Network(heard_quorum_bps=0)
    node = net.node(1, own=2_400)
    for number in range(2, 102):
        net.node(number)
    net.settle()
    net.work(node, 100, latency=100)
    for number, rival in enumerate(NodeEpoch.objects.exclude(node__address=node).order_by("node__address")):
        net.work(rival.node.address, 1, latency=50 if number < 6 else 150)
    # 99.1 % is no whole number of slots: 9,895 and 9,930 lie on either side of it.
    net.beat(node, range(286))
    net.settle()
    row = net.row(node)
    assert figures(row, "latency_percentile_bps", "uptime_bps", "sla_bps", "scarcity_bps") == (
        9_400,
        9_930,
        10_000,
        0,
    )
    assert figures(row, "q_latency", "q_uptime", "q_stake", "q_scarcity") == (940, 1_158, 312, 0)
    assert row.q_bps == 12_410


def test_the_latency_window_reaches_across_epochs_and_no_further_back() -> None:
    net = Network(latency_window_jobs=5)
    node = net.node(own=100)
    net.work(node, 3, latency=100)
    net.settle()
    assert figures(net.row(node), "latency_ms", "latency_count") == (100, 3)
    net.work(node, 1, latency=500)
    net.settle()
    assert figures(net.row(node), "latency_ms", "latency_count") == (200, 4)
    net.work(node, 2, latency=900)
    net.work(node, 1, latency=2_001)
    net.settle()
    # The first of six is out, the one past its deadline never was in: 100, 100, 500, 900, 900.
    assert figures(net.row(node), "latency_ms", "latency_count") == (500, 5)
    net.settle()
    assert figures(net.row(node), "latency_ms", "accepted", "latency_percentile_bps") == (500, 0, 10_000)
    net.work(node, 9, latency=10)
    net.settle()
    assert figures(net.row(node), "latency_ms", "variation_bps") == (10, 0)


@pytest.mark.parametrize(("size", "latency"), [(2, 900), (4, 600), (50, 500)])
def test_another_window_is_read_again_from_the_receipts(size: int, latency: int) -> None:
    net = Network(latency_window_jobs=3)
    node = net.node(own=100)
    for milliseconds in (100, 100, 500, 900, 900):
        net.work(node, 1, latency=milliseconds)
        net.settle()
    assert net.row(node).latency_ms == 766
    schedule(changes={"latency_window_jobs": size}, from_epoch=7, proposal=1, now=net.now)
    net.settle(2)
    assert net.row(node).latency_ms == latency


def test_variation_of_the_window_degrades(net: Network) -> None:
    """Nineteen of 10 ms and one of 2,000: mean 109.5, deviation 433.71: 39,608 bps."""
    node = net.node(own=5_000)
    net.settle()
    net.work(node, 19, latency=10)
    net.work(node, 1, latency=2_000)
    net.settle()
    row = net.row(node)
    assert figures(row, "variation_bps", "degraded", "q_bps") == (39_608, True, 10_000)


def test_large_latencies_do_not_overflow(net: Network) -> None:
    node = net.node(own=100)
    most = 2**63 - 1
    net.work(node, 2, latency=most, deadline=most)
    net.settle()
    assert figures(net.row(node), "latency_ms", "variation_bps", "good") == (most, 0, 2)


def test_uptime_counts_the_slots_that_are_over(net: Network) -> None:
    here = net.node(1, own=100)
    net.wait(300)
    late = net.node(2, own=100)
    net.now += timedelta(hours=12) - timedelta(seconds=300)
    latest = net.node(3, own=100)
    net.beat(here, range(144))
    net.beat(late, range(1, SLOTS))
    net.beat(latest, [143, 144, 287])
    net.settle()
    # Slot 0 ends with the registration of the second node: not after it. The third counts 144 … 287.
    assert [net.row(node).uptime_bps for node in (here, late, latest)] == [5_000, 10_000, 10_000 * 2 // 144]
    assert [net.row(node).degraded for node in (here, late, latest)] == [True, False, True]


@pytest.mark.parametrize("quorum", [0, 2_000, 10_000])
def test_an_epoch_without_heartbeats_lowers_no_uptime(quorum: int) -> None:
    net = Network(heard_quorum_bps=quorum)
    nodes = [net.node(1, own=100), net.node(2, own=100)]
    net.settle()
    assert [net.row(node).uptime_bps for node in nodes] == [10_000, 10_000]


def test_with_a_quorum_of_0_every_slot_counts() -> None:
    net = Network(heard_quorum_bps=0)
    first, second = net.node(1, own=100), net.node(2, own=100)
    net.beat(first, [5])
    net.settle()
    assert [net.row(node).uptime_bps for node in (first, second)] == [10_000 // SLOTS, 0]


def test_a_slot_in_which_nearly_no_node_was_heard_does_not_count() -> None:
    """A fifth of six active nodes is two; in slots 2 and 3 only one was heard, in the others none."""
    net = Network()
    nodes = [net.node(number, own=100) for number in range(1, 7)]
    net.beat(nodes[0], [0, 1, 2])
    net.beat(nodes[1], [0, 3])
    net.beat(nodes[2], [1])
    net.settle()
    rows = [net.row(node) for node in nodes]
    assert [(row.slots_heard, row.slots_counted) for row in rows] == [(2, 2), (1, 2), (1, 2)] + [(0, 2)] * 3
    assert [row.uptime_bps for row in rows] == [10_000, 5_000, 5_000, 0, 0, 0]


def test_only_active_nodes_make_up_the_quorum() -> None:
    """Two of three are active: half of them is one. The heartbeats of the retired node count for itself alone."""
    net = Network(heard_quorum_bps=5_000)
    nodes = [net.node(number, own=100) for number in range(1, 4)]
    net.change(nodes[2], status="retired")
    net.beat(nodes[0], [0])
    net.beat(nodes[2], [0, 1])
    net.settle()
    assert [net.row(node).uptime_bps for node in nodes] == [10_000, 0, 10_000]


def test_a_heartbeat_before_the_registration_counts_for_the_quorum_alone() -> None:
    net = Network(heard_quorum_bps=5_000)
    first = net.node(1, own=100)
    net.wait(3_600)
    late = net.node(2, own=100)
    net.beat(late, [0, 12])
    net.settle()
    assert [(net.row(node).slots_heard, net.row(node).slots_counted) for node in (first, late)] == [
        (0, 2),
        (1, 1),
    ]


def test_a_node_registered_in_the_last_slot_has_full_uptime_when_none_is_counted(net: Network) -> None:
    net.beat(net.node(1, own=1), [0])
    net.now = net.epoch.end
    node = net.node(2, own=1)
    net.settle()
    assert net.row(node).uptime_bps == 10_000


def test_scarcity_pays_where_demand_outweighs_supply(net: Network) -> None:
    """Three of four nodes in eu-west, half of the jobs asked from us-east: 0.5 / 0.25 − 1 = 1."""
    made = [net.node(number, own=1, region="eu-west" if number < 4 else "us-east") for number in range(1, 5)]
    net.settle()
    net.work(made[0], 6, region="eu-west")
    net.work(made[0], 5, region="us-east")
    net.work(made[1], 9, region="us-east", outcome="rejected")
    net.work(made[1], 1, region="mars")
    net.settle()
    assert [net.row(node).scarcity_bps for node in made] == [0, 0, 0, 10_000 * (5 * 4 - 12) // 12]
    assert net.row(made[3]).q_scarcity == 1_500 * 6_666 // 10_000


def test_equal_latencies_are_slower_than_none(net: Network) -> None:
    made = [net.node(number, own=1) for number in range(1, 5)]
    for node, latency in zip(made, (100, 100, 300, 200), strict=True):
        net.work(node, 1, latency=latency)
    net.node(9)
    net.settle()
    assert [net.row(node).latency_percentile_bps for node in made] == [6_666, 6_666, 0, 3_333]
    assert NodeEpoch.objects.get(latency_ms=None).latency_percentile_bps == 0


def test_a_retired_node_is_compared_with_nobody(net: Network) -> None:
    first, second = net.node(1, own=1), net.node(2, own=1)
    net.work(first, 1, latency=100)
    net.work(second, 1, latency=200)
    net.change(second, status="retired")
    net.settle()
    assert [net.row(node).latency_percentile_bps for node in (first, second)] == [10_000, 0]


def test_a_high_performer_is_forgiven_half_of_its_first_failure(net: Network) -> None:
    """Q of the epoch before ≥ 12,000: 1,000 (alone) + 1,200 (no heartbeat asked) + 13 → 12,213."""
    node = net.node(own=100)
    net.settle()
    net.work(node, 30)
    net.settle()
    assert net.row(node).q_bps == 12_213
    net.work(node, 29)
    net.work(node, 1, outcome="timeout")
    net.settle()
    assert net.row(node).penalty_bps == 250


def test_tiers_by_active_stake(net: Network) -> None:
    node = net.node(own=400)
    net.delegate(node, 1, 100)
    net.settle(2)
    net.undelegate(node, 1, 0.000001)
    net.settle()
    rows = [net.row(node, number) for number in (1, 2, 3)]
    assert [figures(row, "tier", "bonus_bps", "active_stake", "active_pool") for row in rows] == [
        (0, 0, 0, 0),
        (1, 1_000, 400 * MICRO, 100 * MICRO),
        (0, 0, 400 * MICRO, 100 * MICRO - 1),
    ]


def test_weights_multiply_credits_bonus_and_q(net: Network) -> None:
    node = net.node(own=2_000)
    net.settle()
    net.work(node, 10, credits=12_345)
    net.settle()
    row = net.row(node)
    assert row.weight == 123_450 * 12_500 * row.q_bps
    assert row.q_bps == 10_000 + 1_000 + 1_200 + 260
